"""Random accounts of whole money steps, for the laws of liquidating them."""

from decimal import Decimal

from hypothesis import strategies as st

from crossmargin.venue.stepped_account import SteppedAccount, SteppedPosition, account_health

D = Decimal
STEP = D("0.000001")
LOT = D("0.00000001")
SYMBOLS = ("BTC", "ETH", "SOL")


def account(quote: str, **sizes: str) -> SteppedAccount:
    """Return an account in markets of 20 % initial fraction, half of it maintenance."""
    prices = {"BTC": D(50_000), "ETH": D(3000)}
    return SteppedAccount(
        D(quote),
        {s: SteppedPosition(D(size), prices[s], D("0.2"), D("0.5")) for s, size in sizes.items()},
    )


@st.composite
def accounts(draw: st.DrawFn) -> SteppedAccount:
    """Return an account with positions and an equity of −0.5 to 1.5 × maintenance margin."""
    positions = {}
    for symbol in SYMBOLS[: draw(st.integers(1, 3))]:
        size = D(draw(st.integers(10**4, 10**12))) * LOT * draw(st.sampled_from([1, -1]))
        price = D(draw(st.integers(10**4, 10**8))).scaleb(-2)
        base = D(draw(st.integers(10_000, 1_000_000))).scaleb(-6)
        share = D(draw(st.integers(10_000, 1_000_000))).scaleb(-6)
        positions[symbol] = SteppedPosition(size, price, base, share)
    flat = account_health(SteppedAccount(D(0), positions))
    ratio = D(draw(st.integers(-50, 150))).scaleb(-2)
    equity = (flat.maintenance_margin * ratio).quantize(STEP)
    return SteppedAccount(equity - flat.equity, positions)


def closes(draw: st.DrawFn, one: SteppedAccount) -> tuple[str, Decimal]:
    """Return a position of the account and a signed change that closes all or part of it."""
    symbol = draw(st.sampled_from(sorted(one.positions)))
    lots = int(abs(one.positions[symbol].size) / LOT)
    closed = D(draw(st.one_of(st.just(lots), st.integers(1, lots)))) * LOT
    return symbol, -closed.copy_sign(one.positions[symbol].size)
