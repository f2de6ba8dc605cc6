"""Random books of perpetuals and options at each venue that plays scenarios.

A book is on one underlying: a perpetual and options of two expiries at a few strikes, under one
smile.
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AccountMode, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.model.surface import Smile, Surface
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.options import option_contract

D = Decimal
SPOT = D(100_000)
STRIKES = (80_000, 90_000, 100_000, 110_000, 125_000)
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
WALLET = D(1000)
EXPIRIES = (datetime(2026, 12, 25, 8, tzinfo=UTC), datetime(2027, 3, 26, 8, tzinfo=UTC))

# Venue: perpetual, how options are named, and the asset that the book settles in.
METHODS = {
    "bybit": ("BTCUSDT", "BTC-{day:%-d%b%y}-{strike}-{right}", "USDT"),
    "okx": ("BTC-USDT-SWAP", "BTC-USD-{day:%y%m%d}-{strike}-{right}", "USDT"),
    "deribit": ("BTC-PERPETUAL", "BTC-{day:%-d%b%y}-{strike}-{right}", "BTC"),
    "derive-v2": ("BTC-PERP", "BTC-{day:%Y%m%d}-{strike}-{right}", "USDC"),
}
NOT_SUBADDITIVE = {
    "bybit": "what offsets between expiries is asked for basis and vega, which it is not alone",
    "okx": "the minimum charge has tiers: larger books are asked a larger part of what they hold",
    "deribit": "each book has a dampener of its own, and two together have one",
    "derive-v2": "an expiry's sign decides which discount it has, and legs may change it",
}
"""Where the parts may be asked for less than the whole, and why."""


def symbol_of(venue: str, day: datetime, strike: int, right: str) -> str:
    """Return a venue's name of an option."""
    return METHODS[venue][1].format(day=day, strike=strike, right=right).upper()


@cache
def rules_of(venue: str):
    """Return the venue's rulebook with the options that books are made of."""
    rulebook = load_rulebook(venue)
    found = {}
    for day in EXPIRIES:
        for strike in STRIKES:
            for right in "CP":
                symbol = symbol_of(venue, day, strike, right)
                contract = option_contract(symbol, rulebook)
                assert contract is not None, symbol
                found[symbol] = contract
    return rulebook.with_contracts(found)


def market_of(venue: str) -> Market:
    """Return one price and one smile an expiry."""
    points = tuple((D(strike), D("0.5") + abs(D(strike) - SPOT) / 500_000) for strike in STRIKES)
    smiles = tuple(Smile(int(day.timestamp() * 1000), points, SPOT) for day in EXPIRIES)
    index = {"BTC": SPOT, "USDT": D(1), "USDC": D(1), "USD": D(1)}
    perpetual = METHODS[venue][0]
    at_ms = int(NOW.timestamp() * 1000)
    return Market({perpetual: SPOT}, index, at_ms, surfaces={"BTC": Surface(smiles)})


def account_of(venue: str, held: dict[str, Decimal], wallet: Decimal = WALLET) -> Account:
    """Return an account in portfolio mode; sizes are in the venue's own units."""
    is_single = venue == "deribit"
    return Account(
        {METHODS[venue][2]: wallet},
        tuple(
            Position(symbol, size, SPOT if symbol == METHODS[venue][0] else D("1"))
            for symbol, size in held.items()
        ),
        assets_mode=AssetsMode.SINGLE if is_single else AssetsMode.MULTI,
        mode=AccountMode.PORTFOLIO,
    )


def coins(venue: str, symbol: str, amount: Decimal) -> Decimal:
    """Return the size, in the contract's unit, that stands for an amount of coins."""
    instrument = rules_of(venue).contracts[symbol].instrument
    if instrument.kind.is_inverse:
        return amount * SPOT / instrument.multiplier
    return amount / instrument.multiplier


@st.composite
def books(draw, venue: str, days: tuple[datetime, ...] = EXPIRIES) -> dict[str, Decimal]:
    """Return signed sizes of a perpetual and up to four options; of options alone if of one day."""
    held = {}
    lots = draw(st.integers(-10, 10)) if len(days) > 1 else 0
    if lots:
        perpetual = METHODS[venue][0]
        held[perpetual] = coins(venue, perpetual, D(lots) / 2)
    for _ in range(draw(st.integers(0 if held else 1, 4))):
        day = draw(st.sampled_from(days))
        strike, right = draw(st.sampled_from(STRIKES)), draw(st.sampled_from("CP"))
        symbol = symbol_of(venue, day, strike, right)
        size = draw(st.integers(1, 10)) * draw(st.sampled_from((1, -1)))
        held[symbol] = coins(venue, symbol, D(size) / 2)
    return held


def health_of(venue: str, held: dict[str, Decimal], wallet: Decimal = WALLET):
    """Return the pool's health."""
    pool = assess(account_of(venue, held, wallet), market_of(venue), rules_of(venue)).pools[0]
    assert pool.health is not None, pool.missing
    return pool.health
