"""What pools and buckets are worth, by the oracle of the margin laws: never by the package.

`units` turns the facts about an account into the book that `tests.property.brute` reads.
"""

from fractions import Fraction
from types import SimpleNamespace

from crossmargin.model.account import MarginMode
from tests.property import books, brute
from tests.property.asking import at_price
from tests.simulation.facts import FUND, ZERO, value


def units(facts, account, *, extra=None):
    """Return {unit: (equity, initial margin, maintenance margin)}; None where one is unknown.

    Orders are left out: they change neither equity nor maintenance margin.

    Parameters
    ----------
    extra : money by asset that counts with the account's own.
    """
    owner = facts.owners[account]
    balances = {
        asset: amount
        for (purse, asset), amount in facts.purses.items()
        if purse == f"account/{account}"
    }
    for asset, amount in (extra or {}).items():
        balances[asset] = balances.get(asset, 0) + amount
    seen = SimpleNamespace(
        balances=balances,
        positions=[
            SimpleNamespace(
                symbol=symbol,
                size=held.size,
                entry_price=held.entry,
                mode=held.mode,
                margin=held.margin,
            )
            for symbol, held in facts.positions(account)
        ],
        orders=(),
        leverage=owner.leverage,
        position_mode=owner.position_mode,
        assets_mode=owner.assets_mode,
    )
    marks = {name: one.mark for name, one in facts.prices.items() if one.mark is not None}
    interest = {
        symbol: sum(
            (max(ZERO, held.size) for (_, one, _), held in facts.held.items() if one == symbol),
            ZERO,
        )
        for symbol, contract in facts.rulebook.contracts.items()
        if contract.open_interest is not None
    }
    market = SimpleNamespace(marks=marks, index=facts.assets, open_interest=interest)
    book = books.plain(seen, facts.rulebook, market)
    return {name: _health(facts, book, name, marks) for name in brute.unit_names(book)}


def unit_of(facts, account, symbol, side):
    """Return the name of the pool or bucket that backs a position."""
    held = facts.position(account, symbol, side)
    if held is not None and held.mode is MarginMode.ISOLATED:
        size_side = "short" if held.size < 0 else "long"
        return f"{symbol} {size_side}" if facts.is_hedged(account) else symbol
    if facts.owners[account].assets_mode.value == "multi":
        return "USD"
    return facts.instrument(symbol).settle


def fund_money(facts):
    """Return what is in the fund's purse, by asset."""
    return {asset: amount for (purse, asset), amount in facts.purses.items() if purse == FUND}


def is_alive(facts, health):
    """Return whether the venue lets a unit of this health live."""
    equity, _, maintenance = health
    if not maintenance:
        return equity >= 0
    if facts.rulebook.liquidation.is_trigger_strict:
        return equity >= maintenance
    return equity > maintenance


def _health(facts, book, unit, marks):
    legs = brute.legs_of(book, unit)
    if any(leg["symbol"] not in marks for leg in legs):
        return None
    if not all(_is_on_ladder(facts, leg, marks) for leg in legs):
        return None
    try:
        return brute.health(book, unit, marks, facts.assets)[:3]
    except KeyError:  # A price or a rate of collateral is missing.
        return None


def _is_on_ladder(facts, leg, marks):
    # Ladders that were published in part say nothing of positions beyond it.
    tiers = facts.rulebook.contracts[leg["symbol"]].tiers
    if tiers is None:
        return False
    measure = abs(leg["size"])
    if not tiers.is_by_size:
        price = at_price(leg["rule"]["maintenance_price"], leg, marks[leg["symbol"]])
        measure = value(facts.instrument(leg["symbol"]), leg["size"], price)
    return tiers.known_to is None or measure <= Fraction(tiers.known_to)
