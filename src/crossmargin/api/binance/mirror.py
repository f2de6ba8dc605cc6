"""One account's money and positions, event by event.

The venue's state is ahead of its records by the batch that was just written; who is told record by
record what happened has to be told what was true then. Postings and positions in events say it.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.margin.lookup import contract_of
from crossmargin.model.account import MarginMode, Position, PositionMode
from crossmargin.model.order import Side
from crossmargin.money import ZERO
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.event import AnyEvent, Filled, PositionChanged
from crossmargin.venue.state import AccountState


class Effect(Struct):
    """What an event changed of the account.

    Attributes
    ----------
    changes : by asset, what came in or went out beside profit and fees; zero where it was those
        alone.
    position, side : where it was about one; `side` of the position, None in one-way mode.
    """

    changes: dict[str, Decimal]
    position: Position | None = None
    side: Side | None = None


class Mirror:
    """One account, as the events so far have it."""

    def __init__(self, account: AccountState, rulebook: Rulebook) -> None:
        """Begin with what is true now."""
        self._rulebook = rulebook
        self._purse = f"account/{account.name}"
        self.name = account.name
        self.is_hedge = account.position_mode is PositionMode.HEDGE
        self.wallets = dict(account.balances)
        self.positions = dict(account.positions)

    def apply(self, event: AnyEvent) -> Effect | None:
        """Take an event in; None where it leaves the account as it was."""
        changes: dict[str, Decimal] = {}
        for posting in event.postings:
            for purse, other, amount in (
                (posting.source, posting.target, -posting.amount),
                (posting.target, posting.source, posting.amount),
            ):
                if purse == self._purse:
                    asset = posting.asset
                    self.wallets[asset] = self.wallets.get(asset, ZERO) + amount
                    is_trading = other.startswith("clearing/") or other == "fees"
                    changes[asset] = changes.get(asset, ZERO) + (ZERO if is_trading else amount)
        if isinstance(event, Filled | PositionChanged) and event.account == self.name:
            return self._moved(event, changes)
        return Effect(changes) if changes else None

    def cross_wallet(self, asset: str) -> Decimal:
        """Return a wallet without what stands in isolated positions."""
        held = (one for one in self.positions.values() if one.mode is MarginMode.ISOLATED)
        apart = sum((one.margin for one in held if self._settle(one.symbol) == asset), ZERO)
        return self.wallets.get(asset, ZERO) - apart

    def held(self, symbol: str, side: Side | None) -> Decimal:
        """Return the signed size of a position; zero where there is none."""
        found = self.positions.get((symbol, side))
        return found.size if found is not None else ZERO

    def _moved(self, event: Filled | PositionChanged, changes: dict[str, Decimal]) -> Effect:
        position = event.position
        side = event.side if self.is_hedge else None
        key = position.symbol, side
        if position.size:
            self.positions[key] = position
        else:
            self.positions.pop(key, None)
        # A wallet that nothing came out of is told all the same, with the position it stands for.
        changes.setdefault(self._settle(position.symbol), ZERO)
        return Effect(changes, position, side)

    def _settle(self, symbol: str) -> str:
        return contract_of(symbol, self._rulebook).instrument.settle
