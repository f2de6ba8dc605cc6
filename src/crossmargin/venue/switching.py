"""Which changes the imitated venue refuses: a rulebook's switching rules, carried out.

The rules are data (`Rulebook.switches`); what each obstacle means at an account of this venue is
here. Reading an account never changes it. What our own engine cannot carry out, whatever the venue
would say, is refused elsewhere.
"""

from collections.abc import Callable

from msgspec import Struct

from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.rulebooks.procedure import Change, Obstacle, SwitchRule
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.decision import Decision
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import AccountState


class Request(Struct, frozen=True):
    """A change that somebody asks of an account.

    Attributes
    ----------
    symbol : empty where the change is of the whole account.
    order : the order, where one is placed.
    is_enough : whether margin would be enough once it is done; None where that is not known or
        does not matter.
    """

    change: Change
    account: AccountState
    symbol: str = ""
    order: PlaceOrder | None = None
    is_enough: bool | None = None


def blocking_rule(rules: tuple[SwitchRule, ...], request: Request) -> SwitchRule | None:
    """Return the first of `rules` that refuses `request`; None where none does."""
    for rule in rules:
        if rule.change is request.change and any(
            STANDS_IN_THE_WAY[obstacle](request) for obstacle in rule.blocked_by
        ):
            return rule
    return None


def refuse_if_blocked(decision: Decision, request: Request) -> None:
    """Refuse `request` with the venue's own code and words if one of its rules does.

    Where the venue publishes no code it is `MODE_BLOCKED`.

    Raises
    ------
    Refusal
        If a rule blocks it.
    """
    rule = blocking_rule(decision.state.rulebook.switches, request)
    if rule is not None:
        raise decision.refuse(rule.code or Code.MODE_BLOCKED, rule.message)


def is_any_isolated(account: AccountState) -> bool:
    """Return whether a position is isolated or a symbol is set to be."""
    modes = [position.mode for position in account.positions.values()]
    return MarginMode.ISOLATED in (*modes, *account.margin_mode.values())


def _has_open_orders(request: Request) -> bool:
    # Orders that wait for a trigger count: they are open orders to the venue.
    return bool(request.account.orders)


def _has_open_orders_of_symbol(request: Request) -> bool:
    return any(order.symbol == request.symbol for order in request.account.orders.values())


def _has_positions(request: Request) -> bool:
    return bool(request.account.positions)


def _has_position_of_symbol(request: Request) -> bool:
    return any(symbol == request.symbol for symbol, _ in request.account.positions)


def _has_isolated_position_of_symbol(request: Request) -> bool:
    return any(
        position.symbol == request.symbol and position.mode is MarginMode.ISOLATED
        for position in request.account.positions.values()
    )


def _is_symbol_cross(request: Request) -> bool:
    return request.account.view().mode_of(request.symbol) is MarginMode.CROSS


def _has_no_position_of_symbol(request: Request) -> bool:
    return not _has_position_of_symbol(request)


def _has_isolated_symbols(request: Request) -> bool:
    return is_any_isolated(request.account)


def _is_multi_assets(request: Request) -> bool:
    return request.account.assets_mode is AssetsMode.MULTI


def _lacks_margin(request: Request) -> bool:
    return request.is_enough is False


def _has_negative_balance(request: Request) -> bool:
    return request.account.is_debtor


def _has_side_of_other_mode(request: Request) -> bool:
    is_hedge = request.account.position_mode is PositionMode.HEDGE
    return request.order is not None and (request.order.side is not None) is not is_hedge


def _is_reduce_only_in_hedge_mode(request: Request) -> bool:
    is_hedge = request.account.position_mode is PositionMode.HEDGE
    return request.order is not None and request.order.reduce_only and is_hedge


STANDS_IN_THE_WAY: dict[Obstacle, Callable[[Request], bool]] = {
    Obstacle.OPEN_ORDERS: _has_open_orders,
    Obstacle.OPEN_ORDERS_OF_SYMBOL: _has_open_orders_of_symbol,
    Obstacle.POSITIONS: _has_positions,
    Obstacle.POSITION_OF_SYMBOL: _has_position_of_symbol,
    Obstacle.ISOLATED_POSITION_OF_SYMBOL: _has_isolated_position_of_symbol,
    Obstacle.CROSS_MODE_OF_SYMBOL: _is_symbol_cross,
    Obstacle.NO_POSITION_OF_SYMBOL: _has_no_position_of_symbol,
    Obstacle.ISOLATED_SYMBOLS: _has_isolated_symbols,
    Obstacle.MULTI_ASSETS_MODE: _is_multi_assets,
    Obstacle.INSUFFICIENT_MARGIN_BALANCE: _lacks_margin,
    Obstacle.NEGATIVE_BALANCE: _has_negative_balance,
    Obstacle.SIDE_NOT_OF_POSITION_MODE: _has_side_of_other_mode,
    Obstacle.REDUCE_ONLY_IN_HEDGE_MODE: _is_reduce_only_in_hedge_mode,
}
"""What each obstacle means; every one of them is here."""
