"""What all replies together make: what is implied is worked out, what is lacking is named.

Implied is only what follows from reported figures by the definition of a linear contract:
notional = size × mark, profit = size × (mark − entry). A position is never dropped for lack of a
number: without its size, entry price or bucket there is no account, and the import refuses.
"""

from collections.abc import Iterable
from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.imports.draft import Draft, Holding, Worth
from crossmargin.imports.venue import Venue, with_note
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import Side
from crossmargin.money import ZERO, plain, quotient_down, quotient_up

_PROFIT_SLACK = Decimal("0.0001")
"""Reported profit may differ from that of the prices written by this part of the notional before
it is said: replies round, but parts of different moments differ by more."""


def finish(draft: Draft, venue: Venue) -> None:
    """Complete `draft`.

    Raises
    ------
    UsageError
        If a position lacks what an account file cannot do without, or no reply gives balances.
    """
    venue.finish(draft)
    if draft.assets_mode is None and venue.assets_mode_from:
        why = f"no reply says it, so the venue's default applies; {venue.assets_mode_from} does"
        draft.say(Worth.MISSING, "all replies", "assets_mode", why)
    sides = [holding.side for holding in draft.holdings.values()]
    has_sides = any(sides) or any(order.side for order in draft.orders)
    if has_sides:
        draft.position_mode = PositionMode.HEDGE
    elif draft.position_mode is None:
        draft.position_mode = PositionMode.ONE_WAY
    for holding in draft.holdings.values():
        _complete(holding, draft, venue)
    _settle_orders(draft)
    _settings(draft)
    _balances(draft, venue)


def _complete(holding: Holding, draft: Draft, venue: Venue) -> None:
    symbol, where = holding.symbol, holding.where
    _infer_prices(holding, draft)
    if holding.entry_price is None:
        raise UsageError(
            f"{where}: {symbol} has a size and no entry price; add the reply of "
            f"{venue.positions_from}"
        )
    known = draft.marks.get(symbol)
    if holding.mark_price is None:
        holding.mark_price = known
    elif known is not None and known != holding.mark_price:
        prices = f"{plain(holding.mark_price)} is taken, another reply says {plain(known)}"
        draft.say(Worth.DERIVED, where, f"mark of {symbol}", prices)
    if holding.mark_price is None:
        why = "no reply gives it; put it under [marks]"
        draft.say(Worth.MISSING, where, f"mark of {symbol}", why)
    else:
        draft.marks[symbol] = holding.mark_price
    if "mark_price" in holding.notes:
        draft.notes[f"marks.{symbol}"] = holding.notes["mark_price"]
    if holding.mode is None:
        holding.mode = draft.margin_mode.get(symbol, MarginMode.CROSS)
        if symbol not in draft.margin_mode:
            with_note(holding, "mode", "assumed cross: no reply names the margin mode", draft)
    draft.put_leverage(symbol, holding.leverage, where)
    if holding.mode is MarginMode.ISOLATED:
        _check_bucket(holding, draft, venue)
    _compare_profit(holding, draft)


def _infer_prices(holding: Holding, draft: Draft) -> None:
    # A mark that another reply gives is better than an implied one, unless the entry price has to
    # be implied as well: then both come from the same figures.
    is_given = holding.symbol in draft.marks and holding.entry_price is not None
    if holding.per_unit is None or is_given:
        return
    base = holding.size * holding.per_unit
    if holding.mark_price is None and holding.notional:
        holding.mark_price = quotient_up(abs(holding.notional), abs(base))
        with_note(holding, "mark_price", "notional ÷ size", draft)
    elif holding.mark_price is None and holding.entry_price and holding.unrealised_pnl is not None:
        gain = quotient_down(holding.unrealised_pnl, base)
        holding.mark_price = holding.entry_price + gain
        with_note(holding, "mark_price", "entry price + unrealised profit ÷ size", draft)
    if holding.mark_price is not None and holding.mark_price <= 0:
        holding.mark_price = None
        holding.notes.pop("mark_price", None)
    if holding.entry_price is None and holding.mark_price and holding.unrealised_pnl is not None:
        gain = quotient_down(holding.unrealised_pnl, base)
        holding.entry_price = holding.mark_price - gain
        with_note(holding, "entry_price", "mark − unrealised profit ÷ size", draft)


def _check_bucket(holding: Holding, draft: Draft, venue: Venue) -> None:
    symbol, where = holding.symbol, holding.where
    if holding.margin is None:
        raise UsageError(
            f"{where}: {symbol} is isolated, and no reply says what its bucket holds; add the "
            f"reply of {venue.positions_from}"
        )
    if holding.margin < 0:
        raise UsageError(f"{where}: the bucket of {symbol} would be {plain(holding.margin)}")


def _compare_profit(holding: Holding, draft: Draft) -> None:
    entry, mark, reported = holding.entry_price, holding.mark_price, holding.unrealised_pnl
    if holding.per_unit is None or entry is None or mark is None or reported is None:
        return
    base = holding.size * holding.per_unit
    implied = base * (mark - entry)
    if abs(implied - reported) > abs(base * mark) * _PROFIT_SLACK:
        what = f"profit of {holding.symbol}"
        why = (
            f"the reply says {plain(reported)}, its prices make {plain(implied)}; "
            "they may be of different moments"
        )
        draft.say(Worth.DERIVED, holding.where, what, why)


def _settle_orders(draft: Draft) -> None:
    is_hedge = draft.position_mode is PositionMode.HEDGE
    for order in draft.orders:
        if is_hedge and order.side is None:
            is_long = (order.size > 0) is not order.reduce_only
            order.side = Side.LONG if is_long else Side.SHORT
            why = "from buy or sell and reduce-only, as the reply names no side"
            draft.say(Worth.DERIVED, order.where, f"side of an order of {order.symbol}", why)
        elif not is_hedge:
            order.side = None


def _settings(draft: Draft) -> None:
    held = {holding.symbol for holding in draft.holdings.values()}
    ordered = {order.symbol for order in draft.orders} - held
    dropped = {
        "marks": draft.marks.keys() - held - ordered,
        "leverage": draft.leverage.keys() - held - ordered,
    }
    for name, symbols in dropped.items():
        if symbols:
            why = "they have neither position nor order"
            what = f"{name} of {_counted(symbols)}"
            draft.say(Worth.UNUSED, "all replies", what, why)
    draft.marks = {one: draft.marks[one] for one in draft.marks if one in held | ordered}
    draft.leverage = {one: draft.leverage[one] for one in draft.leverage if one in held | ordered}
    interest = draft.open_interest
    draft.open_interest = {one: interest[one] for one in interest if one in held | ordered}
    modes = draft.margin_mode.items()
    draft.margin_mode = {symbol: mode for symbol, mode in modes if symbol in ordered}


def _balances(draft: Draft, venue: Venue) -> None:
    settled = {one.settle: one for one in draft.holdings.values() if one.settle is not None}
    if not draft.balances:
        held = next(iter(draft.holdings.values()), None)
        why = f", and {held.symbol} needs one" if held is not None else ""
        raise UsageError(
            f"no reply says what the wallet holds{why}; add the reply of {venue.balances_from}, or "
            "give the amount with --balance"
        )
    zeros = [asset for asset, amount in draft.balances.items() if not amount]
    for asset, holding in settled.items():
        if asset not in draft.balances and draft.assets_mode is not AssetsMode.MULTI:
            draft.balances[asset] = ZERO
            why = "the replies list other assets and not this one"
            draft.notes[f"balances.{asset}"] = "not among the assets of the replies"
            draft.say(Worth.DERIVED, holding.where, f"balance of {asset} is 0", why)
    idle = [asset for asset in zeros if asset not in settled]
    if len(idle) < len(draft.balances):
        for asset in idle:
            del draft.balances[asset]
    if draft.assets_mode is AssetsMode.SINGLE:
        draft.index = {}
        # An index converts collateral into USD, which an account with single assets never does.
        draft.lines = [one for one in draft.lines if not one.what.startswith("index of ")]
    else:
        draft.index = {one: draft.index[one] for one in draft.index if one in draft.balances}


def _counted(symbols: Iterable[str]) -> str:
    found = sorted(symbols)
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"{', '.join(found[:3])}{more}"
