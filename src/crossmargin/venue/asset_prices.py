"""What the venue counts a unit of a collateral asset for, in USD.

An asset's index is what its sources agree on, by the rules of any index. Where the operator says
so (`AssetRules`), it is also

- never below a part of the redemption value, while somebody says what that is: what the issuer
  pays for a unit is worth more than what one thin book shows for a minute;
- never further than a part of itself from where it was when the present `move_ms` began: who has
  collateral is given the time to act, and a price that is wrong the time to be seen.

An asset has no breaker: while its price cannot be trusted it has none, and then what depends on it
is unknown, which liquidates nobody. A price that comes back after that may have moved as far as it
could have in the meantime.

The state keeps redemption values under `redemption:` before the source's name, and under `pace`
where the index was when the present `move_ms` began.

Source of the rules: Binance, on USDe, BNSOL and wBETH in October 2025 (redemption prices enter the
index, USDe's index has a minimum).
"""

from decimal import Decimal

from crossmargin.money import ONE, ZERO, exact
from crossmargin.venue.command import ObserveAsset
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import AssetPriceSet
from crossmargin.venue.observations import (
    INDEX,
    JUMP,
    agreed_price,
    fresh_prices,
    is_accepted,
    remember,
    see,
)
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import State

REDEMPTION, PACE = "redemption:", "pace"


@exact
def observe_asset(decision: Decision, command: ObserveAsset) -> None:
    """Take in what a source saw of a collateral asset, or what redeeming a unit brings.

    Raises
    ------
    Refusal
        If the asset or the source has no name.
    """
    check_observation(decision, command)
    take_in(decision, command)


def check_observation(decision: Decision, command: ObserveAsset) -> None:
    """Refuse an observation of nothing.

    Raises
    ------
    Refusal
        If the asset or the source has no name.
    """
    if not command.asset or not command.source:
        text = "an observation of an asset needs the names of asset and source"
        raise decision.refuse(Code.MISSING_PRICE, text)


def take_in(decision: Decision, command: ObserveAsset) -> None:
    """Let an observation that was checked be seen, and judge the asset's index by it."""
    state, asset = decision.state, command.asset
    seen, was_usable = state.asset_seen_of(asset), usable_index(state, asset) is not None
    source = (REDEMPTION if command.is_redemption else INDEX) + command.source
    settings = state.settings.for_asset(asset)
    see(decision, asset, seen, source, command.price, settings, is_symbol=False)
    _judge(decision, asset, is_seen=True)
    if not was_usable and usable_index(state, asset) is not None:
        _touch_all(decision)  # The same price as before a silence, too, may now be acted upon.


@exact
def check_asset_freshness(decision: Decision) -> None:
    """Judge the prices of all assets again without anything new."""
    state = decision.state
    for asset in sorted(state.asset_seen):
        if state.asset_seen[asset]:
            _judge(decision, asset, is_seen=False)


def usable_index(state: State, asset: str) -> Decimal | None:
    """Return the index of an asset, if money may be moved at it; else None.

    What has grown old since it was last judged is not used either.
    """
    settings, counted = state.settings.for_asset(asset), _counted(state, asset)
    is_fed = any(source.startswith(INDEX) for source in counted)
    fresh = fresh_prices(counted, INDEX, state.at_ms, settings)
    if is_fed and len(fresh) < settings.sources_min:
        return None
    return state.asset_prices.get(asset)


def _counted(state: State, asset: str) -> dict[str, tuple[Decimal, int]]:
    # What was said by sources that count.
    sources = state.settings.asset_rules_of(asset).sources
    return {
        source: said
        for source, said in state.asset_seen_of(asset).items()
        if not sources or source.removeprefix(INDEX) in sources
    }


def _judge(decision: Decision, asset: str, *, is_seen: bool) -> None:
    state = decision.state
    settings, rules = state.settings.for_asset(asset), state.settings.asset_rules_of(asset)
    seen = state.asset_seen_of(asset)
    before = state.asset_prices.get(asset)
    counted = _counted(state, asset)
    price = agreed_price(fresh_prices(counted, INDEX, decision.at_ms, settings), settings)
    if price is not None and not is_accepted(
        decision, asset, seen, JUMP + INDEX, price, before, is_seen=is_seen, is_symbol=False
    ):
        price = None
    if price is not None and rules.floor_fraction is not None:
        values = fresh_prices(seen, REDEMPTION, decision.at_ms, settings)
        if values:
            # Of several values the lowest: a floor too high would be in the account's favour.
            price = max(price, rules.floor_fraction * min(values))
    if price is not None and rules.move_max_fraction is not None:
        price = _paced(decision, asset, price, rules.move_max_fraction, rules.move_ms)
    if price != before:
        decision.emit(AssetPriceSet(asset=asset, price=price))
        _touch_all(decision)


def _paced(
    decision: Decision, asset: str, price: Decimal, move_max_fraction: Decimal, move_ms: int
) -> Decimal:
    # The price, brought within reach of where the index was when this stretch of time began.
    state = decision.state
    before, begun = state.asset_prices.get(asset), state.asset_seen_of(asset).get(PACE)
    if begun is None:
        remember(decision, asset, PACE, price, decision.at_ms, is_symbol=False)
        return price
    start, reach = begun[0], move_max_fraction
    stretches = (decision.at_ms - begun[1]) // move_ms
    if stretches and before is not None:
        start = before
    elif stretches:
        reach *= 1 + stretches
    paced = min(max(price, start * max(ZERO, ONE - reach)), start * (ONE + reach))
    if stretches:
        begins = paced if before is None else before
        remember(decision, asset, PACE, begins, decision.at_ms, is_symbol=False)
    return paced


def _touch_all(decision: Decision) -> None:
    # Collateral counts where there is something to lose or to pay: for positions and for debts.
    for symbol in sorted(decision.state.symbols):
        decision.touched.update(decision.state.symbols[symbol].holders)
    decision.touched.update(dict.fromkeys(sorted(decision.state.debtors)))
