"""Laws 14, 17, 19 and 23: what a fill makes of a position, a bucket and a wallet, worked out again.

Two fills make a trade: one buys what the other sells, at one price. Profit is realised at the
average entry, rounded down, fees by the rulebook's rates, rounded up.
"""

from fractions import Fraction

from crossmargin.model.account import AssetsMode, MarginMode
from crossmargin.venue import event as happened
from crossmargin.venue.event import Posting
from tests.simulation.facts import (
    DIGITS,
    FUND,
    POSTED,
    ZERO,
    Held,
    floored,
    is_same,
    profit,
    raised,
    reduces,
    value,
)

OFF_BOOK = ("takeover", "adl", "close-out")
"""Trades at a price that nobody offered, free of fees."""
SHRINKING = ("adl", "close-out")
"""Trades that make both sides' positions smaller."""


class Trades:
    """Watches positions."""

    def __init__(self, facts):
        self.facts = facts
        self.first = None
        self.last_id = 0
        self.rounded = {}
        self.winners = ()

    def look(self, event):
        """Yield what is wrong with an event, and let the position be what it says."""
        if isinstance(event, happened.Filled):
            yield from self._pair(event)
            yield from self._fill(event)
        elif isinstance(event, happened.Deleveraged):
            self.winners = event.by_account
        elif isinstance(event, happened.MoneyMoved) and event.why == "rounding":
            self._swept(event)
        elif isinstance(event, happened.PositionChanged):
            yield from self._change(event)

    def settle(self):
        """Yield what is wrong once a command is done: half a trade, longs that are not shorts."""
        if self.first is not None:
            yield f"law 19: trade {self.first.trade_id} has one side"
        self.first = None
        sums, costs = {}, {}
        for (_, symbol, _), held in self.facts.held.items():
            instrument = self.facts.instrument(symbol)
            sums[symbol] = sums.get(symbol, ZERO) + held.size
            cost = value(instrument, held.size, held.entry) * (1 if held.size > 0 else -1)
            cost = -cost if instrument.kind.is_inverse else cost
            costs[symbol] = costs.get(symbol, ZERO) + cost
        for symbol, size in sums.items():
            if size:
                yield f"law 19: longs of {symbol} are {float(size)} more than shorts"
        for symbol in self.facts.rulebook.contracts:
            settle = self.facts.instrument(symbol).settle
            left = self.facts.purses[f"clearing/{symbol}", settle] + costs.get(symbol, ZERO)
            # What was rounded stays in the purse, and is known to the last unit.
            hidden = left - self.rounded.get(symbol, ZERO)
            if abs(hidden) > POSTED / 10**6:
                yield f"law 17: {float(hidden)} {settle} are hidden in the clearing of {symbol}"

    def _swept(self, event):
        # What was rounded goes to `rounding` once nobody holds the contract any more.
        for one in event.postings:
            for purse, sign in ((one.source, -1), (one.target, 1)):
                kind, _, symbol = purse.partition("/")
                if kind == "clearing":
                    before = self.rounded.get(symbol, ZERO)
                    self.rounded[symbol] = before + sign * Fraction(one.amount)

    def _pair(self, event):
        first, self.first = self.first, None
        if first is None or first.trade_id != event.trade_id:
            if first is not None:
                yield f"law 19: trade {first.trade_id} has one side"
            if event.trade_id <= self.last_id:
                yield f"law 19: trade {event.trade_id} comes after {self.last_id}"
            self.first, self.last_id = event, event.trade_id
            return
        is_pair = first.size == -event.size and first.symbol == event.symbol
        if not is_pair or first.price != event.price:
            yield f"law 19: trade {event.trade_id} buys what it does not sell"

    def _fill(self, event):
        facts, symbol = self.facts, event.symbol
        instrument = facts.instrument(symbol)
        before = facts.position(event.account, symbol, event.side)
        size, price = Fraction(event.size), Fraction(event.price)
        had = before.size if before else ZERO
        closed = min(abs(had), abs(size)) if had * size < 0 else ZERO
        closed = closed if had > 0 else -closed
        made = profit(instrument, closed, before.entry, price) if closed else ZERO
        given = Fraction(event.realised_pnl)
        if not 0 <= made - given + POSTED / 10**20 < POSTED + POSTED / 10**10:
            yield f"law 14: {event.realised_pnl} is realised where it is {float(made)}"
        self.rounded[symbol] = self.rounded.get(symbol, ZERO) + made - given
        rate = self._rate(event)
        fee = raised(value(instrument, size, price) * rate)
        if Fraction(event.fee) != fee:
            yield f"law 14: the fee is {event.fee} where it is {float(fee)} ({event.why})"
        yield from self._postings(event, instrument)
        now = Fraction(event.position.size)
        if now != had + size:
            yield f"law 19: a fill of {event.size} makes {event.position.size} of {float(had)}"
        yield from self._shrinks(event, had, now)
        yield from self._entry(event, before, closed, size, price)
        yield from self._margin(event, before, closed, size, price)
        self._keep(event.account, event.position, event.side)

    def _rate(self, event):
        fees = self.facts.rulebook.fees
        if event.why in OFF_BOOK:
            return ZERO
        if event.is_maker:
            return Fraction(fees.maker)
        if event.why == "unwind":
            return ZERO
        return Fraction(fees.liquidation if event.why == "liquidation" else fees.taker)

    def _postings(self, event, instrument):
        wallet, settle = f"account/{event.account}", instrument.settle
        is_charged = event.why == "liquidation" and not event.is_maker
        expected = []
        for source, target, amount in (
            (f"clearing/{event.symbol}", wallet, event.realised_pnl),
            (wallet, FUND if is_charged else "fees", event.fee),
        ):
            if amount > 0:
                expected.append(Posting(source, target, settle, amount))
            elif amount < 0:
                expected.append(Posting(target, source, settle, -amount))
        if tuple(expected) != event.postings:
            yield f"law 17: a fill of {event.account} posts {event.postings}, not {expected}"

    def _shrinks(self, event, had, now):
        must = event.why in SHRINKING or (event.why == "liquidation" and not event.is_maker)
        ticket = self.facts.tickets.get(event.order_id)
        if ticket is not None and reduces(ticket.placed):
            must = True
        if must and (abs(now) > abs(had) or now * had < 0):
            law = 21 if event.why in SHRINKING else 23
            yield (
                f"law {law}: a {event.why} of {event.account} turns {float(had)} into {float(now)}"
            )

    def _entry(self, event, before, closed, size, price):
        opened, position = size + closed, event.position
        if not position.size:
            return
        instrument = self.facts.instrument(event.symbol)
        expected = price
        if before is not None and before.size != closed:
            expected = before.entry
            if opened:
                whole = before.size + opened
                if instrument.kind.is_inverse:
                    expected = whole / (before.size / before.entry + opened / price)
                else:
                    expected = (before.size * before.entry + opened * price) / whole
        if not is_same(position.entry_price, expected):
            yield f"law 17: the entry is {position.entry_price} where it is {float(expected)}"
        against = Fraction(position.entry_price) - expected
        if against * (1 if position.size > 0 else -1) < -DIGITS * DIGITS:
            yield "law 14: an average entry is rounded in the account's favour"

    def _margin(self, event, before, closed, size, price):
        facts, position = self.facts, event.position
        setting = facts.owners[event.account].margin_mode.get(event.symbol, MarginMode.CROSS)
        mode = before.mode if before else setting
        if position.size and position.mode is not mode:
            yield f"law 17: a position of {event.account} is {position.mode}, not {mode}"
        if not position.size or mode is not MarginMode.ISOLATED:
            if position.size and position.margin:
                yield "law 17: a cross position has a margin of its own"
            return
        opened = size + closed
        kept = ZERO
        if before is not None and before.size != closed:
            kept = before.margin
            if closed:
                kept = floored(before.margin * (before.size - closed) / before.size)
        if opened:
            instrument = facts.instrument(event.symbol)
            notional = value(instrument, opened, price)
            kept += raised(notional / facts.leverage(event.account, event.symbol))
        is_borne = self._is_borne(event)
        if not is_borne:
            kept -= self._lacking(event, before, kept)
        allowed = {kept}
        if is_borne is not False and before is not None:
            borne = before.margin + Fraction(event.realised_pnl) - Fraction(event.fee)
            allowed = {borne} if is_borne else {kept, borne}
        if Fraction(position.margin) not in allowed:
            yield f"law 17: a bucket holds {position.margin} where it is {float(kept)}"

    def _lacking(self, event, before, kept):
        # What the pool does not have of what the bucket takes from it, which then stays out of it.
        facts, name = self.facts, event.account
        if facts.owners[name].assets_mode is AssetsMode.MULTI:
            return ZERO
        settle = facts.instrument(event.symbol).settle
        others = [
            (symbol, held)
            for symbol, held in facts.positions(name)
            if held is not before and facts.instrument(symbol).settle == settle
        ]
        change = Fraction(event.realised_pnl) - Fraction(event.fee)
        has = facts.purses[f"account/{name}", settle] + change - kept
        has -= sum((held.margin for _, held in others), ZERO)
        gains = ZERO
        for symbol, held in others:
            mark = facts.prices[symbol].mark
            if held.mode is MarginMode.CROSS and mark is not None:
                contract = facts.instrument(symbol)
                gains += profit(contract, held.size, held.entry, Fraction(mark))
        taken = kept - (before.margin if before else ZERO) - change
        return max(ZERO, min(-has - max(ZERO, gains), taken, kept)) if has < 0 else ZERO

    def _is_borne(self, event):
        # Whether loss and fee are the bucket's own, as a liquidation's are; None where it does not
        # show who of the two has failed.
        if event.why == "liquidation":
            return not event.is_maker
        if event.why == "adl":
            return event.account not in self.winners
        return None if event.why == "close-out" else event.why == "takeover"

    def _change(self, event):
        facts, position = self.facts, event.position
        before = facts.position(event.account, position.symbol, event.side)
        if before is None:
            yield f"law 17: {event.why} changes a position that is not there"
            return
        had, now = before.size, Fraction(position.size)
        change = Fraction(position.margin) - before.margin
        if event.why == "expiry":
            yield from self._expires(event, before)
        elif had != now or before.entry != Fraction(position.entry_price):
            yield f"law 17: {event.why} changes a position's size or entry"
        elif before.mode is not position.mode or before.mode is not MarginMode.ISOLATED:
            yield f"law 17: {event.why} changes what is no bucket"
        elif event.why == "loss-shared" and change > 0:
            yield "law 21: sharing a loss adds to a bucket"
        elif event.why not in ("margin", "funding", "loss-shared"):
            yield f"law 17: a position changes because of {event.why}"
        self._keep(event.account, position, event.side)

    def _expires(self, event, before):
        facts, symbol = self.facts, event.position.symbol
        instrument, own = facts.instrument(symbol), facts.prices[symbol]
        index = own.index
        if index is None or own.breaker.value != "usable":
            index = facts.assets.get(instrument.base)
        if event.position.size:
            yield f"law 19: {symbol} expires and {event.account} holds it still"
        if index is None:
            yield f"law 8: {symbol} is settled without an index"
            return
        made = profit(instrument, before.size, before.entry, index)
        given = sum(
            Fraction(one.amount) * (1 if one.target.startswith("account/") else -1)
            for one in event.postings
        )
        if not 0 <= made - given < POSTED + POSTED / 10**10:
            yield f"law 14: {symbol} is settled with {float(given)}, not {float(made)}"
        self.rounded[symbol] = self.rounded.get(symbol, ZERO) + made - given

    def _keep(self, account, position, side):
        key = self.facts.key(account, position.symbol, side)
        if position.size:
            self.facts.held[key] = Held(
                Fraction(position.size),
                Fraction(position.entry_price),
                position.mode,
                Fraction(position.margin),
            )
        else:
            self.facts.held.pop(key, None)
