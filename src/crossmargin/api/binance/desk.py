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
from crossmargin.history.history import History
from crossmargin.runtime.loop import Answer
from crossmargin.runtime.service import Service
from crossmargin.venue.command import AnyCommand
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

    def check_may_trade(self, request: Request, symbol: str) -> None:
        """Refuse a symbol that the key is not for.

        Raises
        ------
        DialectError
            -2015.
        """
        if request.key is None or not request.key.may_trade(symbol):
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
