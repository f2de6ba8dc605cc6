"""Binance's error codes and their words, and what the venue's refusals are in them.

A refusal of the imitated venue's own (a code below zero, from its rulebook's switching rules) keeps
its code and words. Ours are translated; where a code means different things to different requests,
the request says so (`instead`).

Sources: Binance, "Error codes" of USDⓈ-M futures; the tables of errors in ccxt 4.5.90; statuses as
the public clients tell errors from answers.
"""

from collections.abc import Mapping

from crossmargin.api.problem import Problem
from crossmargin.venue.event import AnyEvent, Refused
from crossmargin.venue.refusal import Code

TEXTS = {
    -1000: "An unknown error occurred while processing the request.",
    -1001: "Internal error; unable to process your request. Please try again.",
    -1002: "You are not authorized to execute this request.",
    -1003: "Too many requests; please use the websocket for live updates to avoid polling the API.",
    -1008: "Server is currently overloaded with other requests. Please try again in a few minutes.",
    -1015: "Too many new orders.",
    -1020: "This operation is not supported.",
    -1021: "Timestamp for this request is outside of the recvWindow.",
    -1022: "Signature for this request is not valid.",
    -1023: "Start time is greater than end time.",
    -1100: "Illegal characters found in parameter '{}'; legal range is '{}'.",
    -1101: "Duplicate values for a parameter detected.",
    -1102: "Mandatory parameter '{}' was not sent, was empty/null, or malformed.",
    -1105: "Parameter '{}' was empty.",
    -1106: "Parameter '{}' sent when not required.",
    -1109: "Invalid account.",
    -1111: "Precision is over the maximum defined for this asset.",
    -1115: "Invalid timeInForce.",
    -1116: "Invalid orderType.",
    -1117: "Invalid side.",
    -1120: "Invalid interval.",
    -1121: "Invalid symbol.",
    -1125: "This listenKey does not exist.",
    -1128: "Combination of optional parameters invalid.",
    -1130: "Data sent for parameter '{}' is not valid.",
    -1131: "recvWindow must be less than 60000",
    -1135: "Invalid JSON Request",
    -1136: "Invalid newOrderRespType.",
    -2011: "Unknown order sent.",
    -2013: "Order does not exist.",
    -2014: "API-key format invalid.",
    -2015: "Invalid API-key, IP, or permissions for action.",
    -2018: "Balance is insufficient.",
    -2019: "Margin is insufficient.",
    -2021: "Order would immediately trigger.",
    -2022: "ReduceOnly Order is rejected.",
    -2025: "Reach max open order limit.",
    -2027: "Exceeded the maximum allowable position at current leverage.",
    -2028: "Leverage is smaller than permitted: insufficient margin balance.",
    -4001: "Price less than 0.",
    -4003: "Quantity less than zero.",
    -4006: "Stop price less than zero.",
    -4014: "Price not increased by tick size.",
    -4015: "Client order id is not valid.",
    -4016: "Price is higher than mark price multiplier cap.",
    -4021: "{} is not valid depth limit",
    -4023: "Qty not increased by step size.",
    -4024: "Price is lower than mark price multiplier floor.",
    -4028: "Leverage {} is not valid",
    -4045: "Reach max stop order limit.",
    -4046: "No need to change margin type.",
    -4050: "Cross balance insufficient.",
    -4051: "Isolated balance insufficient.",
    -4054: "Cannot add position margin: position is 0.",
    -4055: "Amount must be positive.",
    -4059: "No need to change position side.",
    -4060: "Invalid position side.",
    -4061: "Order's position side does not match user's setting.",
    -4062: "Invalid or improper reduceOnly value.",
    -4068: "Position side cannot be changed if there exists position.",
    -4082: "Invalid number of batch place orders.",
    -4087: "User can only place reduce only order.",
    -4088: "User can not place order currently.",
    -4116: "ClientOrderId is duplicated.",
    -4120: "Order type not supported for this endpoint. Please use the Algo Order API endpoints "
    "instead.",
    -4136: "Target strategy invalid for orderType {},closePosition true",
    -4137: "Quantity must be zero with closePosition equals true",
    -4140: "Invalid symbol status for opening position.",
    -4164: "Order's notional must be no smaller than {} (unless you choose reduce only).",
    -4171: "Adjusted asset mode is currently set and does not need to be adjusted repeatedly.",
    -5000: "Path {}, Method {} is invalid",
    -5021: "Due to the order could not be filled immediately, the FOK order has been rejected. "
    "The order will not be recorded in the order history.",
    -5022: "Due to the order could not be executed as maker, the Post Only order will be rejected. "
    "The order will not be recorded in the order history.",
    -5025: "Only limit order is supported.",
    -5027: "No need to modify the order.",
    -5039: "Invalid self trade prevention mode",
}
"""The words of every code of the dialect, with places for what they name."""

STATUSES = {-5000: 404, -2014: 401, -2015: 401, -1003: 429, -1015: 429, -1008: 503}
"""The HTTP status of a code; 400 for all others."""

TRANSLATED: dict[int, int] = {
    Code.BAD_NUMBER: -1128,
    Code.TIME_GOES_BACK: -1001,
    Code.DUPLICATE_OTHER_CONTENT: -4116,
    Code.UNKNOWN_ACCOUNT: -1109,
    Code.NO_SUCH_MODE: -1020,
    Code.MODE_BLOCKED: -1020,
    Code.LEVERAGE_TOO_HIGH: -2027,
    Code.NO_ISOLATED_POSITION: -4054,
    Code.UNKNOWN_SYMBOL: -1121,
    Code.UNKNOWN_ORDER: -2011,
    Code.BAD_PRICE_STEP: -4014,
    Code.BAD_SIZE_STEP: -4023,
    Code.NOTIONAL_TOO_SMALL: -4164,
    Code.PRICE_OUT_OF_BAND: -4016,
    Code.WRONG_SIDE: -4061,
    Code.REDUCE_ONLY_REJECTED: -2022,
    Code.WOULD_TRADE_AT_ONCE: -5022,
    Code.CANNOT_FILL_WHOLE: -5021,
    Code.WOULD_TRIGGER_AT_ONCE: -2021,
    Code.MISSING_PRICE: -1128,
    Code.DUPLICATE_CLIENT_ID: -4116,
    Code.NOTIONAL_TOO_LARGE: -2027,
    Code.OPEN_INTEREST_TOO_LARGE: -4087,
    Code.MARGIN_INSUFFICIENT: -2019,
    Code.BALANCE_INSUFFICIENT: -2018,
    Code.HEALTH_UNKNOWN: -4088,
    Code.HALTED: -4088,
    Code.CANCEL_ONLY: -4088,
    Code.PRICES_UNUSABLE: -4140,
    Code.QUEUE_FULL: -1008,
}
"""What Binance calls the venue's own refusals; a code that is not here is -1000."""


class DialectError(Exception):
    """A request that is answered with an error.

    Attributes
    ----------
    code, text : Binance's.
    status : of HTTP.
    """

    def __init__(self, code: int, *words: str, text: str | None = None) -> None:
        """Take the words that the code's text has places for, or a text of its own."""
        self.code = code
        self.text = TEXTS[code].format(*words) if text is None else text
        self.status = STATUSES.get(code, 400)
        super().__init__(f"{code}: {self.text}")

    def body(self) -> dict[str, int | str]:
        """Return what a client reads."""
        return {"code": self.code, "msg": self.text}


def refusal(
    refused: Refused, *words: str, instead: Mapping[int, int] | None = None
) -> DialectError:
    """Return the error that a refusal of the venue is.

    Parameters
    ----------
    words : for the places in the text.
    instead : codes of Binance for codes of ours, where a request has its own.
    """
    code = refused.code
    if code < 0:
        return DialectError(code, text=refused.reason)
    translated = (instead or {}).get(code) or TRANSLATED.get(code, -1000)
    if translated == -1020:  # Binance has no words for it, so that what stands in the way is said.
        return DialectError(translated, text=refused.reason)
    return DialectError(translated, *words)


def at_the_gate(problem: Problem) -> DialectError:
    """Return the error that is answered to a request the dialect was not asked.

    Who came by a Host or an Origin that is not ours is not authorised (-1002), and reads our words,
    because Binance has none for it; a request that failed is -1000. The HTTP status is the
    problem's own.
    """
    if problem.status >= 500:
        return DialectError(-1000)
    return DialectError(-1002, text=problem.message)


def refused_in(events: tuple[AnyEvent, ...]) -> Refused | None:
    """Return the refusal that an answer is; None where something has happened."""
    first = events[0] if events else None
    return first if isinstance(first, Refused) else None
