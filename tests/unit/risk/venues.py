"""Toy venues that call the same coins by other names, and accounts of the first of them."""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.rulebooks.schema import Collateral
from tests.toys import book, inverse, linear, one_tier

D = Decimal

LADDER = one_tier("0.01")
WHOLE = Collateral(D(0), D(0), is_stable=True)

HOME = book(
    (linear("BTCUSDT"), LADDER),
    (linear("ETHUSDT"), LADDER),
    (linear("BTCUSDC", settle="USDC"), LADDER),
    (linear("1000PEPEUSDT"), LADDER),
    (inverse("BTCUSD"), LADDER),
    (Instrument("BTCUSDT_251226", Kind.LINEAR_FUTURE, "USDT", "BTC"), LADDER),
)


def contract(symbol, base, settle, multiplier="1", kind=Kind.LINEAR_PERPETUAL):
    """Return an instrument of any name."""
    return Instrument(symbol, kind, settle, base, D(multiplier))


def other(*contracts, name="other", **changes):
    """Return another venue's rulebook with (instrument, ladder) pairs."""
    return replace(book(*contracts), venue=name, **changes)


def held(*positions, usdt="1000", **changes):
    """Return an account of (symbol, size, entry) positions on USDT."""
    return Account(
        balances={"USDT": D(usdt)},
        positions=tuple(Position(symbol, D(size), D(entry)) for symbol, size, entry in positions),
        **changes,
    )


def isolated(symbol, size, entry, margin):
    """Return a position in a bucket of its own."""
    return Position(symbol, D(size), D(entry), MarginMode.ISOLATED, D(margin))


def at(**marks):
    """Return a market of mark prices."""
    return Market({symbol.removeprefix("_"): D(price) for symbol, price in marks.items()})
