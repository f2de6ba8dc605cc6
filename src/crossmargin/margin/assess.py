"""Account, market and rulebook in; one `Assessment` out.

Every pool and every bucket is one tally. Positions add to the tally of their bucket or of their
settle asset's pool; open orders add to the pool, isolated ones too, because the shared wallet
holds their margin until they fill. In multi-assets mode the tallies of all assets convert into
one pool in USD at the end.

The plain method (`rulebooks.margin_rule.PLAIN`) stands in the loop itself, because every order and
tick waits for it; what other methods ask of a position is in `requirement`, what they do not ask
of opposite positions in `netting`.

A missing mark, ladder or index price makes its unit unknown; it is never read as zero.
"""

from collections.abc import Mapping
from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
    UnitKind,
)
from crossmargin.margin.lookup import (
    POOL_USD,
    bucket_name,
    contract_of,
    leverage_of,
)
from crossmargin.margin.methods import assess_position
from crossmargin.margin.modes import check_modes
from crossmargin.margin.netting import net_requirements
from crossmargin.margin.open_orders import Resting, RestingKey, add_open_orders, resting_of
from crossmargin.margin.option_positions import net_expiries
from crossmargin.margin.pnl import notional_and_pnl
from crossmargin.margin.pooled.assess import assess_pooled
from crossmargin.margin.requirement import Exposure
from crossmargin.margin.scenarios.assess import assess_scenarios
from crossmargin.margin.tally import Tally, in_usd, rates_of
from crossmargin.model.account import (
    Account,
    AccountMode,
    AssetsMode,
    MarginMode,
    Position,
)
from crossmargin.model.market import Market
from crossmargin.money import ZERO, exact, quotient_up
from crossmargin.rulebooks.margin_rule import PLAIN, Netting
from crossmargin.rulebooks.portfolio.pooled import PooledPortfolio
from crossmargin.rulebooks.schema import Contract, Rulebook


@exact
def assess(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    resting: Mapping[RestingKey, Resting] | None = None,
) -> Assessment:
    """Return what the account is worth, what is asked of it, and whether it lives.

    Parameters
    ----------
    resting : sums of orders at the market's marks, by whoever keeps them; they stand for the
        account's own orders, which are then not looked at.

    Raises
    ------
    UsageError
        If a symbol is not in the rulebook, the venue lacks the assets mode, or the account is
        empty.
    """
    check_modes(account, rulebook)
    if account.mode is AccountMode.PORTFOLIO:
        return _assess_portfolio(account, market, rulebook, resting)
    remarks: dict[str, None] = {}
    tallies = {asset: Tally(amount) for asset, amount in account.balances.items()}
    buckets: list[UnitAssessment] = []
    positions: list[PositionAssessment] = []
    # Looked up here, not by a call each: every order and tick waits for this loop.
    contracts, leverages, marks = rulebook.contracts, account.leverage, market.marks
    # Sizes and a ladder that alone says what opening asks are not in the loop either.
    is_plain = rulebook.margin is PLAIN and not (rulebook.options or rulebook.is_by_size)
    is_plain = is_plain and rulebook.leverage_default is not None
    for position in account.positions:
        symbol = position.symbol
        contract = contracts.get(symbol) or contract_of(symbol, rulebook)
        settle = contract.instrument.settle
        pool = tallies.get(settle)
        if pool is None:
            pool = tallies[settle] = Tally(ZERO)
        mark = marks.get(symbol)
        if is_plain:
            leverage = leverages.get(symbol) or leverage_of(symbol, account, rulebook, remarks)
            assessed = _assess_position(position, contract, mark, leverage)
        else:
            assessed = assess_position(position, contract, account, market, rulebook, remarks)
        positions.append(assessed)
        if position.mode is MarginMode.CROSS:
            pool.add(assessed)
            continue
        pool.wallet -= position.margin
        bucket = Tally(position.margin)
        bucket.add(assessed)
        name = bucket_name(position, account.position_mode)
        buckets.append(
            bucket.unit(
                UnitKind.BUCKET,
                name,
                settle,
                is_trigger_strict=rulebook.liquidation.is_trigger_strict,
                symbol=symbol,
                side=position.side,
            )
        )
    if rulebook.margin.netting is not Netting.NONE:
        net_requirements(tallies, positions, rulebook)
    if rulebook.options:
        net_expiries(tallies, positions, market, rulebook)
    if resting is None and account.orders:
        resting = resting_of(account, market, rulebook)
    if resting:
        add_open_orders(tallies, resting, account, market, rulebook, remarks)
    pools = _pools(tallies, account, market, rulebook, remarks)
    found = tuple(buckets), tuple(positions), tuple(remarks)
    return Assessment(account, market, rulebook, pools, *found)


def _assess_portfolio(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    resting: Mapping[RestingKey, Resting] | None,
) -> Assessment:
    is_pooled = isinstance(rulebook.portfolio, PooledPortfolio)
    return (assess_pooled if is_pooled else assess_scenarios)(account, market, rulebook, resting)


def _assess_position(
    position: Position, contract: Contract, mark: Decimal | None, leverage: Decimal
) -> PositionAssessment:
    size = position.size
    value = pnl = initial = maintenance = tier = None
    if not size:
        value = pnl = initial = maintenance = ZERO
    elif mark is not None:
        value, pnl = notional_and_pnl(size, position.entry_price, mark, contract.instrument)
        initial = quotient_up(value, leverage)
        tiers = contract.tiers
        if tiers is not None and (tiers.known_to is None or value <= tiers.known_to):
            index = tiers.index(value)
            piece = tiers.pieces[index]
            maintenance = value * piece.rate - piece.deduction
            if piece.growth:
                coins = Exposure.of_size(size, mark, contract.instrument).coins
                maintenance += value * piece.growth * coins
            tier = index + 1
    return PositionAssessment(position, mark, value, pnl, initial, maintenance, tier)


def _pools(
    tallies: dict[str, Tally],
    account: Account,
    market: Market,
    rulebook: Rulebook,
    remarks: dict[str, None],
) -> tuple[UnitAssessment, ...]:
    is_strict = rulebook.liquidation.is_trigger_strict
    if not tallies:
        raise UsageError("the account is empty: it has neither balances nor positions")
    if account.assets_mode is AssetsMode.SINGLE:
        return tuple(
            tally.unit(UnitKind.POOL, asset, asset, is_trigger_strict=is_strict)
            for asset, tally in tallies.items()
        )
    found, missing = rates_of(tallies, market, rulebook, remarks)
    total = in_usd(tallies, found, rulebook.collateral)
    total.missing.extend(missing)
    return (total.unit(UnitKind.POOL, POOL_USD, POOL_USD, is_trigger_strict=is_strict),)
