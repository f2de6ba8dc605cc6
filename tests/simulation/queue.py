"""Law 21: deleveraging closes what is left and no more, down the queue, and never before the fund.

Ranks are worked out again from what everybody was worth before. Who closes less than he holds
must be last in the queue, or bear no more: his equity pays the difference to the mark.
"""

from fractions import Fraction

from crossmargin.model.account import AssetsMode, MarginMode
from crossmargin.model.order import Side
from crossmargin.venue import event as happened
from tests.simulation.facts import FUND, ONE, ZERO, Held, floored, profit, value
from tests.simulation.margins import fund_money, is_alive, unit_of, units


class Queue:
    """Watches deleveraging."""

    def __init__(self, facts):
        self.facts = facts
        self.pending = None

    def look(self, event):
        """Yield what is wrong with an event."""
        if isinstance(event, happened.Deleveraged):
            yield from self._deleveraged(event)
        elif isinstance(event, happened.Filled) and event.why == "adl":
            yield from self._closed(event)

    def settle(self):
        """Yield what is wrong once a command is done: who was named and did not close."""
        if self.pending:
            left = {name: size for name, size in self.pending[1].items() if size}
            if left:
                yield f"law 21: {left} was to be deleveraged and was not"
        self.pending = None

    def _deleveraged(self, event):
        yield from self.settle()
        closing = {name: Fraction(size) for name, size in event.by_account.items()}
        if sum(closing.values(), ZERO) > abs(Fraction(event.size)):
            yield f"law 21: {event.size} of {event.symbol} is deleveraged by more"
        holding = self._holding(event)
        for name, size in closing.items():
            if name not in holding or size > abs(holding[name].size):
                yield f"law 21: {name} is to close {size} of {event.symbol} and has less"
        # Who has failed is not said; his own other side is not in the queue.
        wrong = list(self._ranked(event, closing, holding))
        self.pending = event, dict(closing), self._would_bear(event), wrong

    def _closed(self, event):
        if self.pending is None:
            yield "law 21: somebody is deleveraged without a word"
            return
        told, closing, would_bear, wrong = self.pending
        if event.account in closing:
            closing[event.account] -= abs(Fraction(event.size))
            if closing[event.account] < 0:
                yield f"law 21: {event.account} is deleveraged more than was said"
        else:
            if would_bear and event.account != FUND:
                yield f"law 21: {event.account} is deleveraged, the fund would bear {told.symbol}"
            yield from (words for passed, words in wrong if passed != event.account)
            wrong.clear()
        if event.price != told.price:
            yield f"law 21: {event.account} is deleveraged at {event.price}, not {told.price}"

    def _holding(self, event):
        # Who holds the other side.
        size = Fraction(event.size)
        return {
            name: held
            for (name, symbol, _), held in self.facts.held.items()
            if symbol == event.symbol and held.size * size < 0
        }

    def _ranked(self, event, closing, holding):
        # Known for accounts whose money is of one asset; of others rank says nothing here.
        facts, rows = self.facts, []
        names = [name for name in holding if name != FUND]
        if any(facts.owners[name].assets_mode is not AssetsMode.SINGLE for name in names):
            return
        for name in names:
            row = self._row(event, name, holding[name], closing.get(name, ZERO))
            if row is not None:
                rows.append(row)
        if event.policy == "pro-rata-of-profits":
            for name, score, _, _, closed in rows:
                if closed and score <= 0:
                    yield None, f"law 21: {name} has no profit and is deleveraged"
            return
        for name, score, borne, _, closed in rows:
            if closed and score is None:
                yield None, f"law 21: {name} is deleveraged, whom the policy does not touch"
            if score is None or closed >= borne:
                continue
            for other, lower, _, _, taken in rows:
                if taken and lower is not None and (score, other) > (lower, name):
                    words = f"{other} is deleveraged before {name}, who ranks higher"
                    yield name, f"law 21: {words}"

    def _row(self, event, name, held, closed):
        facts, symbol = self.facts, event.symbol
        side = Side.LONG if held.size > 0 else Side.SHORT
        found = units(facts, name).get(unit_of(facts, name, symbol, side))
        if found is None:
            return None
        equity, _, maintenance = found
        mark, instrument = facts.prices[symbol].mark, facts.instrument(symbol)
        gain = profit(instrument, held.size, held.entry, mark)
        sign = 1 if held.size > 0 else -1
        # What a winner gives up by closing one unit away from the mark.
        haircut = max(ZERO, profit(instrument, Fraction(sign), Fraction(event.price), mark))
        borne = abs(held.size)
        if equity <= 0:
            borne = ZERO
        elif equity < haircut * borne:
            lot = Fraction(instrument.lot or Fraction(1, 10**8))
            is_bucket = held.mode.value == "isolated"
            borne = ZERO if is_bucket else floored(equity / haircut, lot)
        score = self._score(event.policy, held, gain, equity, maintenance, instrument, mark, name)
        return name, score, borne, equity, closed

    def _score(self, policy, held, gain, equity, maintenance, instrument, mark, name):
        if equity <= 0:
            return None if policy != "profit-times-leverage" else -ONE * 10**30
        leverage = value(instrument, held.size, mark) / equity
        if policy == "profit-times-leverage":
            fraction = gain / value(instrument, held.size, held.entry)
            return fraction * leverage if fraction > 0 else fraction / leverage
        if policy == "profit-over-wallet-times-margin-ratio":
            wallet = self._wallet(held, instrument, name)
            return max(ZERO, gain) / max(ONE, wallet) * max(ZERO, maintenance / equity)
        if gain <= 0:
            return None if policy != "pro-rata-of-profits" else ZERO
        if policy == "price-gain-times-leverage":
            ratio = mark / held.entry if held.size > 0 else held.entry / mark
            return ratio * leverage
        return gain

    def _wallet(self, held, instrument, name):
        if held.mode.value == "isolated":
            return held.margin
        facts = self.facts
        wallet = facts.purses[f"account/{name}", instrument.settle]
        for symbol, other in facts.positions(name):
            if facts.instrument(symbol).settle == instrument.settle:
                wallet -= other.margin
        return wallet

    def _would_bear(self, event):
        # Whether the fund could have taken the position at that price, by what it is worth.
        facts, symbol, size = self.facts, event.symbol, Fraction(event.size)
        if facts.settings.limits_of(symbol).fund_capital is not None:
            return False
        if FUND not in facts.owners or Fraction(event.price) == facts.prices[symbol].mark:
            return False
        if facts.owners[FUND].assets_mode is not AssetsMode.SINGLE:
            return False
        instrument, key = facts.instrument(symbol), facts.key(FUND, symbol, None)
        before, price = facts.held.get(key), Fraction(event.price)
        money, settle = fund_money(facts), instrument.settle
        if before is None:
            after = Held(size, price, MarginMode.CROSS, ZERO)
        elif before.size * size > 0:
            return False  # An average entry: not worked out here.
        else:
            closed = min(abs(before.size), abs(size)) * (1 if before.size > 0 else -1)
            money[settle] = money.get(settle, ZERO) + floored(
                profit(instrument, closed, before.entry, price)
            )
            entry = before.entry if abs(before.size) > abs(size) else price
            after = Held(before.size + size, entry, MarginMode.CROSS, ZERO)
        if money.get(settle, ZERO) < 0:
            return False
        facts.held[key] = after
        try:
            found = units(facts, FUND, extra=money).get(settle)
        finally:
            facts.held.pop(key)
            if before is not None:
                facts.held[key] = before
        return found is not None and is_alive(facts, found)
