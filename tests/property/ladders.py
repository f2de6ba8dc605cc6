"""Ladders and collateral to draw: a method's own, or random ones of the same form."""

from decimal import Decimal, localcontext

from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import CONTEXT
from crossmargin.rulebooks.procedure import PositionChoice
from crossmargin.rulebooks.schema import AssumedPrice, Collateral, Contract, OpenInterestCaps, Slice
from tests.property.methods import Form, method_of, usual_usd
from tests.property.worlds import EIGHT_PLACES, MARKET_BUFFER, haircut, ladder, number

RATES = ("0.004", "0.005", "0.0065", "0.01", "0.012", "0.02", "0.025", "0.05", "0.1", "0.125")
RATES += ("0.15", "0.25", "0.5")
FLOORS = (500, 5000, 10_000, 50_000, 250_000, 600_000, 1_000_000, 10_000_000, 50_000_000, 10**8)
PLAIN = Form()
ASSETS = ("USDT", "USDC", "BTC", "ETH")
"""Collateral of methods that bring none."""


def digits(low, high, *, width=4):
    """Return decimals between powers of ten, of at most `width` digits."""
    return st.builds(
        lambda mantissa, exponent: number(mantissa).scaleb(exponent),
        st.integers(1, 10**width - 1),
        st.integers(low - width + 1, high - width + 1),
    )


@st.composite
def ladders(draw, scale=1, form=PLAIN):
    """Return ladders with rising rates, marginal unless of another form.

    Floors are in units of 1 ÷ scale.
    """
    rates = sorted(draw(st.sets(st.sampled_from(RATES), min_size=1, max_size=5)), key=Decimal)
    above = len(rates) - 1
    floors = sorted(draw(st.sets(st.sampled_from(FLOORS), min_size=above, max_size=above)))
    ends = [Decimal(0), *(Decimal(floor) / scale for floor in floors)]
    with localcontext(CONTEXT):
        ends = [end.quantize(EIGHT_PLACES) for end in ends]
    leverages = [min(Decimal(125), Decimal(1) / (2 * Decimal(rate)) // 1) for rate in rates]
    pieces = zip(ends, rates, leverages, strict=True)
    made = ladder(*pieces, is_floor_included=draw(st.booleans()))
    return made if form == PLAIN else draw(formed(made, form))


@st.composite
def formed(draw, made, form):
    """Return a marginal ladder in another form."""
    share = draw(st.sampled_from(["0.5", "0.6", "0.75"]))
    pieces = []
    for piece in made.pieces:
        initial = None
        if form.has_rates:
            with localcontext(CONTEXT):
                initial = min(Decimal(1), (piece.rate / Decimal(share)).quantize(EIGHT_PLACES))
        pieces.append(
            Tier(
                piece.floor,
                piece.rate,
                Decimal(0) if form.is_whole else piece.deduction,
                piece.leverage_max,
                initial,
                form.growth,
            )
        )
    return Tiers.of(
        tuple(pieces), is_floor_included=made.is_floor_included, is_by_size=form.is_by_size
    )


@st.composite
def haircuts(draw, asset, form):
    """Return how an asset counts: with buffers, or in slices, and with a price on debts."""
    buffers = st.sampled_from(["0", "0.0001", "0.05", "0.3"])
    how = haircut(draw(buffers), draw(buffers), is_stable=asset.startswith("USD"))
    slices = ()
    if form.has_slices and draw(st.booleans()):
        rates = sorted(draw(st.sets(st.sampled_from(["0", "0.5", "0.9", "1"]), min_size=2)))
        floors = sorted(
            draw(st.sets(digits(1, 6), min_size=len(rates) - 1, max_size=len(rates) - 1))
        )
        with localcontext(CONTEXT):
            floors = [
                Decimal(0),
                *((one / usual_usd(asset)).quantize(EIGHT_PLACES) for one in floors),
            ]
        slices = tuple(map(Slice, floors, map(Decimal, reversed(rates))))
    shares = st.sampled_from(["0", "0.05", "0.2"]).map(Decimal)
    kept = draw(shares) if form.has_borrowing else Decimal(0)
    return Collateral(
        1 - slices[0].rate if slices else how.bid_buffer,
        how.ask_buffer,
        how.is_stable,
        slices=slices,
        initial_scale=Decimal(draw(st.sampled_from(["1", "0.9"])))
        if form.has_scale
        else Decimal(1),
        borrow_initial=kept * 2,
        borrow_maintenance=kept,
    )


@st.composite
def rules_of(draw, method, chosen, *, is_multi, is_real=None):
    """Return the method over the chosen contracts, with its own ladders and collateral or random
    ones of their form.
    """
    base, form = method
    # A method that nobody has must not be given the ladders of Binance.
    is_own_form = form == method_of(base.venue).form
    contracts = {}
    for made, own in chosen:
        use_own = own is not None and (draw(st.booleans()) if is_real is None else is_real)
        if use_own and is_own_form:
            tiers = own
        else:
            scale = usual_usd(made.settle) if not form.is_by_size else usual_usd(made.base)
            tiers = draw(ladders(max(Decimal(1), scale), form))
            if base.margin.money_step is not None:
                # A share of one initial margin: such markets have one tier.
                tiers = Tiers.of(tiers.pieces[:1])
        caps = base.contracts[made.symbol].open_interest if made.symbol in base.contracts else None
        if caps is None and form.has_caps and draw(st.booleans()):
            caps = OpenInterestCaps(Decimal(20_000_000), Decimal(50_000_000))
        contracts[made.symbol] = Contract(made, tiers, caps)
    collateral = {}
    if is_multi:
        settles = {made.settle for made, _ in chosen}
        others = sorted(base.collateral or ASSETS)
        others = draw(st.lists(st.sampled_from(others), max_size=3, unique=True))
        for asset in sorted(settles | set(others)):
            own = base.collateral.get(asset)
            is_own = own is not None and draw(st.booleans())
            # As with ladders: slices that were published in part go on for ever.
            chosen_how = replace(own, known_to=None) if is_own else draw(haircuts(asset, form))
            collateral[asset] = chosen_how
    return replace(
        base,
        contracts=contracts,
        collateral=collateral,
        market_buffer=MARKET_BUFFER,
        assumed_price=draw(st.sampled_from(list(AssumedPrice))),
        liquidation=replace(
            base.liquidation, first_position=draw(st.sampled_from(list(PositionChoice)))
        ),
        assumptions=(),
    )
