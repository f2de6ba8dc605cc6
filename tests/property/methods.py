"""Rulebooks to draw worlds from: every packaged one, and methods nobody has (yet).

A method is a rulebook whose contracts are replaced later: its rule, modes, triggers and collateral
hold, and ladders are its own or random ones of the same form.
"""

from decimal import Decimal
from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.rulebooks.loader import load_rulebook, venues
from crossmargin.rulebooks.margin_rule import (
    ClosingFee,
    InitialMargin,
    MarginRule,
    Netting,
    PriceBasis,
)
from crossmargin.rulebooks.schema import Rulebook
from tests.property.worlds import INVERSE, instrument

VENUES = tuple(venue for venue in venues() if "standard" in load_rulebook(venue).modes)
"""Those whose requirements add up by position; portfolio margin has laws of its own."""

BINANCE = ("binance-coinm", "binance-usdm")

# What an asset costs in dollars, usually; others cost one.
USUAL = {
    "BTC": "60000", "XBT": "60000", "ETH": "3000", "SOL": "150", "DOGE": "0.1", "XRP": "0.5",
    "LTC": "80", "NEW": "0.00000123",
}  # fmt: skip

USDM = (
    instrument("BTCUSDT", tick="0.1", lot="0.001"),
    instrument("ETHUSDT", tick="0.01", lot="0.001"),
    instrument("DOGEUSDT", base="DOGE", tick="0.00001", lot=1),
    instrument("NEWUSDT", base="NEW"),
    instrument("BTCUSDC", "USDC", tick="0.1", lot="0.001"),
    instrument("SOLUSDC", "USDC", tick="0.01", lot=1),
    instrument("ETHBTC", "BTC", tick="0.00001", lot="0.001"),
)
COINM = (
    instrument("BTCUSD", "BTC", kind=INVERSE, multiplier=100, tick="0.1", lot=1),
    instrument("ETHUSD", "ETH", kind=INVERSE, multiplier=10, tick="0.01", lot=1),
    instrument("BTCUSD_26", "BTC", kind=INVERSE, multiplier=100, tick="0.1", lot=1),
)
REAL = {
    "NEWUSDT": "LTCUSDC", "BTCUSD": "BTCUSD_PERP", "BTCUSD_26": "BTCUSD_PERP", "ETHUSD": ""
}  # fmt: skip
CONTRACTS_MAX = 8


def usual_usd(asset):
    """Return what an asset usually costs in dollars."""
    return Decimal(USUAL.get(asset, "1"))


def usual_price(made):
    """Return what a contract usually costs, in its quote asset."""
    in_dollars = usual_usd(made.base)
    return in_dollars if made.kind.is_inverse else in_dollars / usual_usd(made.settle)


@cache
def own_contracts(venue):
    """Return some of a venue's own contracts, of every payoff and settle asset it has."""
    listed = load_rulebook(venue).contracts.values()
    known = [made.instrument for made in listed if made.tiers is not None]
    known.sort(key=lambda made: (made.base not in USUAL, made.base))
    first = {(made.kind, made.settle, made.base): made for made in reversed(known)}
    spread = sorted(first.values(), key=lambda made: known.index(made))
    return tuple(spread[:CONTRACTS_MAX])


@cache
def real_ladder(venue, symbol):
    """Return a packaged ladder as if its last tier went on for ever; None if there is none."""
    is_coin = symbol.endswith("_PERP")
    named = ("binance-coinm" if is_coin else "binance-usdm") if venue in BINANCE else venue
    contract = load_rulebook(named).contracts.get(symbol)
    tiers = contract.tiers if contract else None
    return None if tiers is None else replace(tiers, known_to=None)


def catalogue(base, *, inverse=None):
    """Return the (instrument, own ladder or None) that worlds of a method are made of."""
    if base.venue in BINANCE:
        made = USDM + COINM if inverse is None else COINM if inverse else USDM
    else:
        made = [
            one
            for one in own_contracts(base.venue)
            if inverse is None or one.kind.is_inverse == inverse
        ]
    return [(one, real_ladder(base.venue, REAL.get(one.symbol, one.symbol))) for one in made]


class Form(NamedTuple):
    """What ladders and collateral of a method look like.

    `has_rates`: tiers publish an initial rate; `growth`: of both rates with every coin.
    """

    is_whole: bool = False
    is_by_size: bool = False
    has_rates: bool = False
    growth: Decimal = Decimal(0)
    has_caps: bool = False
    has_slices: bool = False
    has_scale: bool = False
    has_borrowing: bool = False

    @classmethod
    def of(cls, rules):
        """Return the form of a rulebook's own numbers."""
        tiers = [made.tiers for made in rules.contracts.values() if made.tiers is not None]
        pieces = [piece for ladder in tiers for piece in ladder.pieces]
        collateral = rules.collateral.values()
        return cls(
            rules.is_whole_position,
            rules.is_by_size,
            any(piece.initial_rate is not None for piece in pieces),
            max((piece.growth for piece in pieces), default=Decimal(0)),
            any(made.open_interest is not None for made in rules.contracts.values()),
            any(how.slices for how in collateral),
            any(how.initial_scale != 1 for how in collateral),
            any(how.borrow_initial or how.borrow_maintenance for how in collateral),
        )


class Method(NamedTuple):
    """A rulebook without its contracts, and the form of what it had."""

    base: Rulebook
    form: Form


@cache
def method_of(venue):
    """Return the method of a packaged rulebook, its newest edition."""
    base = load_rulebook(venue)
    return Method(base, Form.of(base))


def features(rules, form=None):
    """Return the names of what a method has beside marginal rates of notional at the mark."""
    rule, form = rules.margin, form or Form.of(rules)
    opening = (rule.initial_price_cross, rule.initial_price_isolated)
    bases = (*opening, rule.maintenance_price)
    found = {
        "whole-position ladder": form.is_whole,
        "ladder by size": form.is_by_size,
        "growth": bool(form.growth),
        "index": PriceBasis.INDEX in bases,
        "entry": PriceBasis.ENTRY in bases,
        "prices apart": {rule.maintenance_price} != set(opening),
        "closing fee": rule.closing_fee is ClosingFee.MARK,
        "closing fee at bankruptcy": rule.closing_fee is ClosingFee.BANKRUPTCY,
        "netting": rule.netting is not Netting.NONE,
        "money step": rule.money_step is not None,
        "open interest": form.has_caps,
        "collateral slices": form.has_slices,
        "scaled collateral": form.has_scale,
        "borrowing": form.has_borrowing,
    }
    return {name for name, has in found.items() if has}


@st.composite
def rules_nobody_has(draw):
    """Return a margin rule of any combination that makes sense."""
    initial = draw(st.sampled_from(list(InitialMargin)))
    bases = st.sampled_from([PriceBasis.MARK, *PriceBasis])
    kept = draw(bases)
    is_multiple = initial is InitialMargin.MULTIPLE
    fee = draw(st.sampled_from(list(ClosingFee)))
    rate = Decimal(draw(st.sampled_from(["0.0005", "0.01"])))
    return MarginRule(
        initial,
        Decimal(draw(st.sampled_from(["1", "1.3", "2"]))) if is_multiple else None,
        # A multiple is of the maintenance margin that is asked.
        kept if is_multiple else draw(bases),
        kept if is_multiple else draw(bases),
        kept,
        fee,
        Decimal(0) if fee is ClosingFee.NONE else rate,
        draw(st.sampled_from([Netting.NONE, *Netting])),
    )


STEPPED = MarginRule(InitialMargin.LADDER, money_step=Decimal("0.000001"))
"""The only form in which amounts are whole steps of money: dYdX's."""


@st.composite
def nobodys(draw):
    """Return a method that no venue has: any rule, any form."""
    base = load_rulebook("binance-usdm")
    is_stepped = draw(st.integers(0, 4)) == 0
    is_by_size = not is_stepped and draw(st.integers(0, 3)) == 0
    yes = st.booleans()
    form = Form(
        # What is a share of an initial margin in whole steps of money has no deductions.
        is_stepped or draw(yes),
        is_by_size,
        is_stepped or draw(yes),
        Decimal(0) if is_stepped else Decimal(draw(st.sampled_from(["0", "0", "0.00005"]))),
        *(draw(yes) for _ in range(4)),
    )
    base = replace(
        base,
        margin=STEPPED if is_stepped else draw(rules_nobody_has()),
        is_by_size=form.is_by_size,
        is_whole_position=form.is_whole,
        has_isolated_in_multi=draw(yes),
        leverage_default=draw(st.sampled_from([None, Decimal(20)])),
        liquidation=replace(base.liquidation, is_trigger_strict=draw(yes)),
    )
    return Method(base, form)


def methods(*, multi=None, inverse=None, without=(), packaged_only=False):
    """Return methods that have the assets mode and payoff asked for, and none of some features."""

    def fits(method):
        mode = {None: method.base.assets_modes[0], True: "multi", False: "single"}[multi]
        # Whole steps of money are of an account in dollars.
        is_coin = method.base.margin.money_step is not None and inverse
        return (
            mode in method.base.assets_modes
            and not is_coin
            and not features(*method) & set(without)
            and bool(catalogue(method.base, inverse=inverse))
        )

    packaged = [method for method in map(method_of, VENUES) if fits(method)]
    if packaged_only:
        return st.sampled_from(packaged)
    return st.one_of(st.sampled_from(packaged), nobodys().filter(fits))


def whole_position():
    """Return Binance's method with ladders that charge a whole position its tier's rate."""
    base = replace(load_rulebook("binance-usdm"), is_whole_position=True)
    return Method(base, Form(is_whole=True))
