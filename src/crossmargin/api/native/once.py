"""At most once, for requests that are more or less than one command of the venue.

What is one command, the journal knows by its client id, for ever. The rest (keys, steering) is
remembered here: the last so many, until the server stops.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from crossmargin.api.native.bodies import Body
from crossmargin.api.problem import Problem

REMEMBERED_MAX = 1_000

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Answers by who asked and client id."""

    def __init__(self) -> None:
        """Start with none."""
        self._asked: OrderedDict[tuple[str, str], tuple[Body, asyncio.Future[Made]]] = OrderedDict()

    async def do(
        self, who: str, body: Body, act: Callable[[], Awaitable[Made]]
    ) -> tuple[Made, bool]:
        """Return what `act` made for this client id, now or when it was first asked, and which.

        What failed has not been done, and may be asked again.

        Raises
        ------
        Problem
            If the id was used for something else.
        """
        place = (who, body.client_id)
        before = self._asked.get(place)
        if before is not None:
            if before[0] != body:
                raise Problem(
                    409,
                    "duplicate-other-content",
                    f"client id {body.client_id} was used for another request",
                    where="body.client_id",
                )
            return await asyncio.shield(before[1]), True
        made: asyncio.Future[Made] = asyncio.get_running_loop().create_future()
        self._asked[place] = (body, made)
        if len(self._asked) > REMEMBERED_MAX:
            self._asked.popitem(last=False)
        try:
            found = await act()
        except BaseException as error:
            self._asked.pop(place, None)
            made.set_exception(error)
            made.exception()  # Whoever asked first has it; nobody else need have asked.
            raise
        made.set_result(found)
        return found, False
