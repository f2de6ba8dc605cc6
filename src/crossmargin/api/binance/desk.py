"""What every handler of the dialect is given: the venue, the request, and who is asking."""

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from crossmargin.api.asgi import Asked
from crossmargin.api.binance.book_changes import BookChanges
from crossmargin.api.binance.countdowns import Countdowns
from crossmargin.api.binance.errors import DialectError, refusal, refused_in
from crossmargin.api.binance.listen_keys import ListenKeys
from crossmargin.api.binance.params import Params
from crossmargin.api.context import Context
from crossmargin.api.keys import Key
from crossmargin.api.limits import denial
from crossmargin.history.history import History
from crossmargin.runtime.loop import Answer
from crossmargin.runtime.service import Service
from crossmargin.venue.command import AnyCommand, PlaceOrder
from crossmargin.venue.state import AccountState, State


class Request(Struct, frozen=True):
    """A request that may be answered.

    Attributes
    ----------
    key : whose it is; None for what anybody may ask.
    asked : what is known of it, for the audit log.
    """

    params: Params
    key: Key | None = None
    asked: Asked = field(default_factory=Asked)

    @property
    def account(self) -> str:
        """Return the account that asks.

        Raises
        ------
        DialectError
            -2015 where nobody does: the route has forgotten to ask for a key.
        """
        if self.key is None:
            raise DialectError(-2015)
        return self.key.account

    def of(self, params: Params) -> "Request":
        """Return a request of the same key with other parameters."""
        return replace(self, params=params)


class Desk:
    """Where requests are answered."""

    def __init__(self, context: Context) -> None:
        """Serve what `context` has."""
        self.context = context
        self.service: Service = context.service
        self.history: History = context.history
        self.listen_keys = ListenKeys()
        self.countdowns = Countdowns()
        self.books = BookChanges(self.service.state)

    @property
    def state(self) -> State:
        """Return the venue, to look at between two awaits."""
        return self.service.state

    def account_of(self, request: Request) -> AccountState:
        """Return the account that asks, as it is.

        Raises
        ------
        DialectError
            -1109 where it is not there any more.
        """
        found = self.state.accounts.get(request.account)
        if found is None:
            raise DialectError(-1109)
        return found

    def take_tokens(
        self, weight: int, *, key_id: str = "", address: str = "", is_cancel: bool = False
    ) -> None:
        """Take tokens from an address's buckets, or from those of a key that was shown.

        Raises
        ------
        DialectError
            -1003 if there are none.
        """
        if self.context.gate.wait_s(key_id, address, weight, is_cancel=is_cancel):
            raise DialectError(-1003)

    def check_may_trade(self, request: Request, symbol: str) -> None:
        """Refuse a symbol that the key is not for.

        Raises
        ------
        DialectError
            -2015.
        """
        if request.key is None or not request.key.may_trade(symbol):
            raise DialectError(-2015)

    def check_may_place(self, request: Request, placed: PlaceOrder, *, instead_of: int = 0) -> None:
        """Refuse an order that the key's limits do not let in.

        Parameters
        ----------
        instead_of : how many open orders it takes the place of.

        Raises
        ------
        DialectError
            -2015, with the reason for the audit log.
        """
        if request.key is None:
            raise DialectError(-2015)
        results = self.context.results
        denied = denial(request.key, placed, self.state, results, instead_of=instead_of)
        if denied is not None:
            request.asked.why = denied
            raise DialectError(-2015)

    async def ask(
        self, request: Request, command: AnyCommand, instead: Mapping[int, int] | None = None
    ) -> Answer:
        """Return what came of a command.

        Parameters
        ----------
        instead : as `errors.refusal` has it.

        Raises
        ------
        DialectError
            If the venue refuses it.
        """
        answer = self.noted(request, await self.service.ask(command))
        refused = refused_in(answer.events)
        if refused is not None:
            raise refusal(refused, instead=instead)
        return answer

    def noted(self, request: Request, answer: Answer) -> Answer:
        """Return an answer, its record noted for the audit log."""
        request.asked.sequence = answer.sequence or request.asked.sequence
        return answer
