"""The parameters that routes share, with their bounds."""

from typing import Annotated, TypeAlias

from litestar.params import PathParameter, QueryParameter

from crossmargin.api.native.bodies import CLIENT_ID, END, NAME
from crossmargin.history.candles import INTERVALS

AccountPath: TypeAlias = Annotated[str, PathParameter(description="The name of an account.")]
SymbolPath: TypeAlias = Annotated[str, PathParameter(description="A symbol.")]
StoryPath: TypeAlias = Annotated[str, PathParameter(description="The name of a story.")]
OrderPath: TypeAlias = Annotated[int, PathParameter(description="The venue's id of an order.")]
SymbolQuery: TypeAlias = Annotated[
    str | None, QueryParameter(pattern=NAME, description="Of one symbol alone.")
]
ClientIdQuery: TypeAlias = Annotated[
    str | None, QueryParameter(pattern=CLIENT_ID, description="Of one order alone.")
]
LimitQuery: TypeAlias = Annotated[
    int, QueryParameter(ge=1, le=1_000, description="The newest so many.")
]
LevelsQuery: TypeAlias = Annotated[
    int, QueryParameter(ge=1, le=1_000, description="On each side, so many at most.")
]
IntervalQuery: TypeAlias = Annotated[
    str,
    QueryParameter(
        pattern=f"^({'|'.join(INTERVALS)}){END}", description="From a minute to a month."
    ),
]
StartQuery: TypeAlias = Annotated[
    int, QueryParameter(ge=1, le=2**53 - 1, description="The first record of the page.")
]
JOURNAL_PAGE_MAX = 200
PageQuery: TypeAlias = Annotated[
    int,
    QueryParameter(ge=1, le=JOURNAL_PAGE_MAX, description="So many records at most."),
]
