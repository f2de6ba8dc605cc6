"""Cases about OKX: equity of coins, discounts, initial margin, and what an order needs.

The method is the packaged rulebook's; contracts, leverage and discounts are the case's own.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import pairwise

from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import UnitAssessment
from crossmargin.margin.collateral import rates, unheld, worth
from crossmargin.margin.orders import initial_margin
from crossmargin.model.account import Account, AssetsMode
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Collateral, Contract, Slice
from tests.cases import okx_positions
from tests.cases.accounts import Held, stand_in
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, literal, unit_of

COIN = r"[a-z0-9]{2,8}"


def _pools(wallets: dict[str, Decimal], positions: list[Held]) -> dict[str, UnitAssessment]:
    # The pools of an account in futures mode, by coin.
    account = Account(
        wallets,
        tuple(one.position for one in positions),
        leverage={one.position.symbol: one.leverage or ONE for one in positions},
    )
    contracts = {one.position.symbol: Contract(one.instrument, one.tiers) for one in positions}
    marks = {one.position.symbol: one.mark for one in positions}
    # Sums of other positions include the fees of closing them.
    rulebook = load_rulebook("okx")
    rulebook = replace(
        rulebook, contracts=contracts, margin=replace(rulebook.margin, closing_fee_rate=ZERO)
    )
    return {pool.asset: pool for pool in assess(account, Market(marks), rulebook).pools}


@exact
def coin_equity(_case: Case, inputs: Inputs) -> Answer:
    """Return what a coin is worth in the account: as it is, what is free, in USD, discounted."""
    cash = next(key for _, key in inputs.matching("cash_balance"))
    coin = unit_of(cash).upper()
    profit = stand_in(
        "profit", coin, pnl=inputs.number("upl", inputs.number("unrealised_pnl", ZERO))
    )
    bots = stand_in("bots", coin, pnl=inputs.number("strategy_equity", ZERO))
    pool = _pools({coin: inputs.at(cash)}, [profit[0], bots[0]])[coin]
    if pool.health is None:
        raise UnknownShape(f"missing: {', '.join(pool.missing)}")
    equity = pool.health.equity
    index = next((inputs.at(key) for _, key in inputs.matching(rf"{coin.lower()}_usd")), None)
    if index is None:
        index = inputs.number(coin.lower(), ONE)
    discount = inputs.number("discount_rate", ONE)
    at_par = Collateral(ZERO, ZERO)
    discounted = Collateral(ONE - discount, ZERO)
    small = coin.lower()
    # Two keys differ in their unit alone, so here the unit belongs to the name.
    inputs.units = frozenset()
    return answers(
        {
            f"eq_{small}": equity,
            f"avail_bal_{small}": unheld(equity, inputs.number(f"frozen_balance_{small}", ZERO)),
            "eq_usd": worth(equity, rates(index, at_par)),
            "dis_eq_usd": worth(equity, rates(index, discounted)),
        }
    )


def _slices(inputs: Inputs) -> tuple[Slice, ...]:
    # Bounds are where slices end; above the last the smallest rate holds, which is none.
    bounds, shares = inputs.value("tier_upper_bounds"), inputs.value("discount_rates")
    if len(bounds) != len(shares):
        raise UnknownShape("there must be as many tier_upper_bounds as discount_rates")
    floors = [ZERO, *(literal(bound) for bound in bounds if bound not in (None, ""))]
    least = inputs.number("min_discount_rate", ZERO)
    rows = zip(floors, [*(literal(share) for share in shares), least], strict=False)
    return tuple(Slice(floor, share) for floor, share in rows)


@exact
def discount_tiers(_case: Case, inputs: Inputs) -> Answer:
    """Return what each slice of a coin counts for, and all of it."""
    held = [key for _, key in inputs.matching(COIN, is_raw=True)]
    if len(held) != 1:
        raise UnknownShape(f"{len(held)} coins among {', '.join(sorted(inputs.values))}")
    slices = _slices(inputs)
    prices = [k for _, k in inputs.matching(rf"{held[0].lower()}_(?:price_)?usd", is_raw=True)]
    if len(prices) != 1:
        raise UnknownShape(f"no price of {held[0]} among {', '.join(sorted(inputs.values))}")
    amount, index = inputs.at(held[0]), inputs.at(prices[0])
    factors = rates(index, Collateral(ONE - slices[0].rate, ZERO, slices=slices))
    # What a slice counts for is what the holding up to its end is worth more than up to its start.
    ends = [*(part.floor for part in slices), amount][: len(inputs.value("discount_rates")) + 1]
    totals = [worth(min(end, amount), factors) for end in ends]
    return answers(
        {
            "tier_values": [after - before for before, after in pairwise(totals)],
            "adjusted": worth(amount, factors),
        }
    )


@exact
def discounted_coins(_case: Case, inputs: Inputs) -> Answer:
    """Return what coins count for together; the price of what counts for nothing may be unknown."""
    held = [key for _, key in inputs.matching(COIN, is_raw=True)]
    collateral, index, wallets = {}, {}, {}
    for key in held:
        coin = key.upper()
        wallets[coin] = inputs.at(key)
        collateral[coin] = Collateral(ONE - inputs.at(f"{key}_discount"), ZERO)
        # Any price stands in for one that is not printed: one that matters makes the figure wrong.
        price = f"{key}_price_usd"
        index[coin] = inputs.at(price) if price in inputs.values else ONE
    rulebook = replace(load_rulebook("okx"), collateral=collateral)
    account = Account(wallets, assets_mode=AssetsMode.MULTI)
    pool = assess(account, Market(index=index), rulebook).pool
    return answers({"adjusted": pool.health and pool.health.equity})


@exact
def equities(_case: Case, inputs: Inputs) -> Answer:
    """Return each coin's equity: balance, profit of what settles in it, options, less interest."""
    wallets = {key.upper(): inputs.at(key) for _, key in inputs.matching(COIN, is_raw=True)}
    positions: list[Held] = []
    for match, key in inputs.matching(
        rf"(\w+_)?(?:upl|pnl)_(?P<coin>{COIN})|option_value_(?P<option>{COIN})"
        rf"|(?:accrued_)?interest_(?P<owed>{COIN})",
        is_raw=True,
    ):
        coin = (match["coin"] or match["option"] or match["owed"]).upper()
        amount = inputs.at(key)
        if match["owed"]:
            amount = amount.copy_negate()
        positions.append(stand_in(key, coin, pnl=amount)[0])
    found = {}
    for coin, pool in _pools(wallets, positions).items():
        found[f"{coin.lower()}_equity"] = pool.health and pool.health.equity
    return answers(found)


@exact
def order_requirement(_case: Case, inputs: Inputs) -> Answer:
    """Return what an order needs, what is free, and whether that is enough."""
    found = next(key for _, key in inputs.matching("balance"))
    coin = unit_of(found).upper()
    held = stand_in(
        "other",
        coin,
        pnl=inputs.number("floating_pnl", ZERO),
        initial=inputs.number("in_use", ZERO),
    )
    pool = _pools({coin: inputs.at(found)}, held)[coin]
    if pool.free_margin is None:
        raise UnknownShape(f"missing: {', '.join(pool.missing)}")
    required = initial_margin(inputs.number("order"), inputs.number("leverage"))
    return answers(
        {
            "order_requirement": required,
            "free_margin": pool.free_margin,
            **dict.fromkeys(("is_accepted", "accepted"), pool.free_margin >= required),
        }
    )


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "currency equity, available balance and discounted equity": coin_equity,
    "collateral discount tiers are marginal": discount_tiers,
    "asset with 0 % discount rate gives no collateral": discounted_coins,
    "derivative P&L moves the settlement currency only": equities,
    **okx_positions.TOPICS,
    "order margin requirement and check": order_requirement,
}
