"""Cases about portfolio margin that adds up: Binance's unified accounts and loans, Hyperliquid's.

Here the unit at the end of a key belongs to its name: the same figure is asked for of several
assets (`margin_mm_btc`, `margin_mm_eth`).
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from crossmargin.margin.collateral import rates, worth
from crossmargin.margin.pnl import notional_and_pnl
from crossmargin.margin.pooled.borrowing import (
    Backing,
    borrowable,
    liquidation_threshold,
    liquidation_value,
    maintenance_requirement,
    portfolio_ratio,
)
from crossmargin.margin.pooled.unified import (
    Holding,
    LiabilityTier,
    account_maintenance,
    adjusted_equity,
    liability_margin,
    loan_maintenance,
    maintenance_amount,
    maintenance_at_once,
    unified_ratio,
)
from crossmargin.margin.requirement import Exposure, maintenance_margin
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.tiers import Tier
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.margin_rule import PLAIN
from crossmargin.rulebooks.portfolio.pooled import LendingPortfolio
from crossmargin.rulebooks.schema import Collateral
from tests.cases.accounts import SETTLES, is_short
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape
from tests.toys import LEVERAGE_MAX

ASSET = r"(?!mmr?$|rate$)[a-z0-9]{2,8}"
IN_DOLLARS = r"_usdt?"
PROFIT, MAINTENANCE = r"upnl|pnl|unreali[sz]ed_(?:pnl|profit)", r"(um|cm|futures)_(?:mm|maint\w*)"


class Future(NamedTuple):
    """A futures position of a case: what it has earned and is asked for, in its settle asset."""

    name: str
    settle: str
    is_inverse: bool
    pnl: Decimal
    maintenance: Decimal


@exact
def building_blocks(_case: Case, inputs: Inputs) -> Answer:
    """Return what a unified account holds of each asset, earns, is asked for, and its ratio."""
    futures = [_future(name, inputs) for name in _names_of_positions(inputs)]
    holdings = _holdings(inputs, futures)
    found: dict[str, object] = {}
    loans: dict[str, Decimal] = {}
    for asset, held in holdings.items():
        loans[asset] = loan_maintenance(held.margin_loan, _loan_rate(inputs, asset))
        found |= {
            f"margin_net_asset_{asset}": held.margin_net,
            f"margin_net_{asset}": held.margin_net,
            f"margin_mm_{asset}": loans[asset],
            f"loan_mm_{asset}": loans[asset],
            f"equity_x_{asset}": held.net,
            f"x_{asset}": held.net,
        }
    found |= _converted(inputs, holdings, futures, loans)

    def answer(key: str) -> object:
        if key in found:
            return found[key]
        return _of_futures(key, futures)

    inputs.units = frozenset()
    return answer


def _names_of_positions(inputs: Inputs) -> list[str]:
    return [
        key
        for key, value in inputs.values.items()
        if isinstance(value, dict) and {"entry", "entry_price"} & value.keys()
    ]


def _future(name: str, inputs: Inputs) -> Future:
    inputs.used.add(name)
    row = inputs.child(inputs.values[name])
    (key,) = (key for key in row.values if re.match(r"(?:qty|quantity|size|contracts|amount)", key))
    symbol = name.lower().partition("_")[0]
    settle = next((one.lower() for one in SETTLES if symbol.endswith(one.lower())), "")
    is_inverse = not settle and symbol.endswith("usd")
    base = symbol.removesuffix(settle or "usd")
    settle = settle or base
    kind = Kind.INVERSE_PERPETUAL if is_inverse else Kind.LINEAR_PERPETUAL
    multiplier = row.number("contract_multiplier", ONE, is_own=True)
    instrument = Instrument(name.upper(), kind, settle.upper(), base.upper(), multiplier)
    size = row.at(key)
    size = -abs(size) if is_short(row) else size
    mark = row.number("mark_price")
    _, pnl = notional_and_pnl(size, row.number("entry_price"), mark, instrument)
    rate = row.number("mmr", inputs.number("mmr_bracket_each", None))
    amount = row.number("maintenance_amount", inputs.number("maintenance_amount_each", ZERO))
    if rate is None:
        raise UnknownShape(f"no maintenance rate of {name}")
    tier = Tier(ZERO, rate, amount, LEVERAGE_MAX)
    asked = maintenance_margin(Exposure.of_size(size, mark, instrument), tier, PLAIN)
    return Future(name.lower(), settle, is_inverse, pnl, asked)


def _holdings(inputs: Inputs, futures: list[Future]) -> dict[str, Holding]:
    assets = _table(inputs, r"margin_assets?")
    loans = _table(inputs, r"margin_loans?|loans?")
    futures_of = {
        kind: _table(inputs, rf"{kind}_(?:futures_)?(?:wallet|balance)(?:_balance)?")
        for kind in ("um", "cm", "futures")
    }
    earned: dict[str, Decimal] = {}
    for one in futures:
        earned[one.settle] = earned.get(one.settle, ZERO) + one.pnl
    names = [*assets, *loans, *earned, *(name for one in futures_of.values() for name in one)]
    return {
        asset: Holding(
            assets.get(asset, ZERO),
            loans.get(asset, ZERO),
            sum((balances.get(asset, ZERO) for balances in futures_of.values()), ZERO),
            earned.get(asset, ZERO),
        )
        for asset in dict.fromkeys(names)
    }


def _loan_rate(inputs: Inputs, asset: str) -> Decimal:
    by_asset = _table(inputs, r"loan_(?:mmr|maintenance_rate)")
    if by_asset:
        return by_asset.get(asset, ZERO)
    return inputs.number("loan_mmr", ZERO)


def _table(inputs: Inputs, pattern: str) -> dict[str, Decimal]:
    # By asset: a table of its own, or keys with the asset at their end.
    found: dict[str, Decimal] = {}
    for key, value in inputs.values.items():
        match = re.fullmatch(rf"(?:{pattern})(?:_({ASSET}))?", key.lower())
        if match is None:
            continue
        if isinstance(value, dict):
            found |= inputs.table(key)
        elif match[1]:
            found[match[1]] = inputs.at(key)
    return found


def _converted(
    inputs: Inputs,
    holdings: dict[str, Holding],
    futures: list[Future],
    loans: dict[str, Decimal],
) -> dict[str, object]:
    # The sums in USD, where the case has what converts.
    index = _table(inputs, r"(?:asset_)?index(?:_price)?s?|prices?")
    counted = _table(inputs, r"collateral_(?:rate|ratio)s?")
    if not index:
        return {}
    missing = [asset for asset in holdings if asset not in index or asset not in counted]
    if missing:
        raise UnknownShape(f"no index or collateral rate of {', '.join(missing)}")
    equities = {
        asset: worth(held.net, rates(index[asset], Collateral(ONE - counted[asset], ZERO)))
        for asset, held in holdings.items()
    }
    losses = {
        asset: loss * index[asset] for asset, loss in _table(inputs, r"open_loss(?:es)?").items()
    }
    equity = adjusted_equity(equities.values(), losses.values())
    asked = [one.maintenance * index[one.settle] for one in futures]
    asked += [loan * index[asset] for asset, loan in loans.items()]
    maintenance = account_maintenance(asked)
    ratio = unified_ratio(equity, maintenance)
    found: dict[str, object] = {f"equity_{asset}_usd": one for asset, one in equities.items()}
    for names, value in (
        (("equity_usd", "account_equity_usd", "adjusted_equity_usd", "equity"), equity),
        (("maintenance_margin_usd", "account_maint_margin_usd", "mm_usd", "mm"), maintenance),
        (("uni_mmr", "unimmr"), ratio),
    ):
        found |= dict.fromkeys(names, value)
    return found


def _of_futures(key: str, futures: list[Future]) -> Decimal:
    # upnl_quarterly_usdt, um_mm_perp_usdt, cm_mm_btc: words of the position, then its settle asset.
    match = re.fullmatch(rf"(?:({PROFIT})|{MAINTENANCE})(?:_(\w+?))?_({ASSET})", key)
    if match is None:
        raise Unanswered(key)
    profit, kind, label, settle = match.groups()
    words = (label or "").split("_") if label else []
    chosen = [
        one
        for one in futures
        if one.settle == settle
        and all(word in one.name for word in words)
        and (kind in (None, "futures") or (kind == "cm") is one.is_inverse)
    ]
    if not chosen or (words and len(chosen) > 1):
        raise Unanswered(key)
    return sum((one.pnl if profit else one.maintenance for one in chosen), ZERO)


@exact
def ratio(_case: Case, inputs: Inputs) -> Answer:
    """Return equity over maintenance margin; the margin from its parts where they are given."""
    equity = next(
        (
            inputs.number(name)
            for name in ("equity_numerator", "adjusted_equity", "equity")
            if inputs.has(name)
        ),
        None,
    )
    if equity is None:
        raise UnknownShape(f"no equity among {', '.join(sorted(inputs.values))}")
    open_loss = inputs.number("open_loss", None)
    if open_loss is not None:
        equity = adjusted_equity([equity], [open_loss])
    whole = inputs.number("account_maintenance_margin", None)
    if whole is None:
        whole = inputs.number("maintenance_margin", None)
    parts = list(_table(inputs, r"risk_unit_mm_usd|risk_unit_mm|risk_units").values())
    for _, key in inputs.matching(r"(?:margin|loan|other|futures|um|cm)_mm"):
        parts.append(inputs.at(key))
    maintenance = account_maintenance(parts) if parts else whole
    if maintenance is None:
        raise UnknownShape("neither a maintenance margin nor its parts")
    return answers(
        {
            **dict.fromkeys(("uni_mmr", "unimmr"), unified_ratio(equity, maintenance)),
            "account_maintenance_margin": maintenance,
            "maintenance_margin": maintenance,
            "adjusted_equity": equity,
        }
    )


@exact
def liabilities(_case: Case, inputs: Inputs) -> Answer:
    """Return what debts of several assets are asked for, by their tiers."""
    owed = _table(inputs, r"liabilit(?:y|ies)|loans?")
    prices = _table(inputs, r"(?:asset_)?(?:index_)?prices?")
    ladders = _table_of_rows(inputs)
    for match, key in inputs.matching(rf"({ASSET})_price", is_raw=True):
        prices[match[1]] = inputs.at(key)
    amounts: dict[str, Decimal] = {}
    found: dict[str, Decimal] = {}
    for asset, debt in owed.items():
        if asset not in prices or asset not in ladders:
            raise UnknownShape(f"no price or tiers of {asset}")
        value, tiers = debt * prices[asset], ladders[asset]
        asked = liability_margin(value, tiers)
        amounts[asset] = maintenance_amount(value, tiers)
        for name, margin in (
            ("initial_margin", asked.initial_margin),
            ("maintenance_margin", asked.maintenance_margin),
            ("maintenance_margin_fast", maintenance_at_once(value, tiers)),
        ):
            found[name] = found.get(name, ZERO) + margin
            found |= {f"{asset}_{name}": margin, f"{name}_{asset}": margin}
        found |= {f"liability_value_{asset}": value, f"maintenance_amount_{asset}": amounts[asset]}
    for match, key in inputs.matching(rf"maintenance_amount_({ASSET})(?:_tier\d+)?", is_raw=True):
        if inputs.at(key) != amounts.get(match[1]):
            raise UnknownShape(f"{key} is not what the tiers come to")
    inputs.units = frozenset()

    def answer(key: str) -> object:
        name = re.sub(f"{IN_DOLLARS}$", "", key)
        if name not in found:
            raise Unanswered(key)
        return found[name]

    return answer


def _table_of_rows(inputs: Inputs) -> dict[str, list[LiabilityTier]]:
    found = {}
    for key, value in inputs.values.items():
        match = re.fullmatch(rf"({ASSET})_tiers|tiers_({ASSET})", key.lower())
        if match:
            inputs.used.add(key)
            found[match[1] or match[2]] = _tiers([inputs.child(row) for row in value])
        elif key.lower() == "tiers" and isinstance(value, dict):
            inputs.used.add(key)
            for asset, rows in value.items():
                found[asset.lower()] = _tiers([inputs.child(row) for row in rows])
    return found


def _tiers(rows: list[Inputs]) -> list[LiabilityTier]:
    floor: Decimal | None = ZERO
    tiers = []
    for row in rows:
        floor = row.number("floor", floor, is_own=True)
        if floor is None:
            raise UnknownShape("a tier without a floor")
        rate = row.number("imr", None, is_own=True)
        initial = row.number("initial_margin_rate", is_own=True) if rate is None else rate
        tiers.append(LiabilityTier(floor, initial, row.number("mmr", is_own=True)))
        floor = row.number("cap", None, is_own=True)
    return tiers


@exact
def lending_ratio(_case: Case, inputs: Inputs) -> Answer:
    """Return requirement, liquidation value and ratio of an account that borrows by itself."""
    rule = load_rulebook("hyperliquid").portfolio
    if not isinstance(rule, LendingPortfolio):
        raise UnknownShape("the rulebook does not lend")
    for name, ours in (
        ("offset", rule.borrow_offset),
        ("min_borrow_offset", rule.borrow_offset),
        ("liquidatable_above", rule.liquidation_ratio),
    ):
        if inputs.number(name, ours) != ours:
            raise UnknownShape(f"{name} is another than the venue's {ours}")
    # Where only one price is given, it is the token's, and what is borrowed is cash.
    of_debt = inputs.number("borrow_oracle_price", ONE)
    price = inputs.number("oracle_price", of_debt)
    borrowed = inputs.number("borrowed", ZERO)
    if inputs.has("borrowed_size"):
        borrowed = inputs.number("borrowed_size")
        borrowed *= of_debt if inputs.has("oracle_price") else ONE
    asked = next(
        (
            inputs.number(name)
            for name in ("cross_maintenance_margin", "maintenance_margin")
            if inputs.has(name)
        ),
        ZERO,
    )
    ltv = inputs.number("ltv", ZERO)
    threshold = liquidation_threshold(ltv, rule)
    tokens = inputs.number("token_balance", ZERO)
    backing = Backing(tokens, inputs.number("supply_cap", tokens), price, threshold)
    balance = inputs.number("portfolio_balance", inputs.number("balance", ZERO))
    value = liquidation_value(balance, inputs.number("borrow_cap", backing.worth), [backing])
    required = maintenance_requirement(asked, borrowed, rule)
    return answers(
        {
            "liquidation_threshold": threshold,
            "portfolio_liquidation_value": value,
            "liquidation_value": value,
            "portfolio_maintenance_requirement": required,
            "maintenance_requirement": required,
            "portfolio_margin_ratio": portfolio_ratio(required, value),
            "borrowable": borrowable(tokens, price, ltv),
        }
    )


UNIFIED_TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "uniMMR building blocks": building_blocks,
    "uniMMR": ratio,
}
CROSS_MARGIN_TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "loan IM/MM by tiers": liabilities,
}
LENDING_TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "portfolio margin ratio": lending_ratio,
}
