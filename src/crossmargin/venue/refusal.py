"""Why the venue refuses a command: stable codes in numbered ranges, and the refusal itself.

A refusal is an answer, not a failure: a correct client can cause it, and nothing has changed. Codes
below zero are the imitated venue's own (a rulebook's switching rules); those here are ours, and the
dialects translate them.

    1xxx  the command itself      2xxx  the account      3xxx  the order
    4xxx  money                   5xxx  the venue
"""

from enum import IntEnum


class Code(IntEnum):
    """Our own codes; their meaning never changes."""

    BAD_NUMBER = 1001
    TIME_GOES_BACK = 1002
    DUPLICATE_OTHER_CONTENT = 1003
    UNKNOWN_ACCOUNT = 2001
    ACCOUNT_EXISTS = 2002
    NOT_FAMILY = 2003
    NOT_A_MAKER = 2004
    NO_SUCH_MODE = 2005
    MODE_BLOCKED = 2006
    LEVERAGE_TOO_HIGH = 2007
    NO_ISOLATED_POSITION = 2008
    UNKNOWN_SYMBOL = 3001
    UNKNOWN_ORDER = 3002
    BAD_PRICE_STEP = 3003
    BAD_SIZE_STEP = 3004
    NOTIONAL_TOO_SMALL = 3005
    PRICE_OUT_OF_BAND = 3006
    WRONG_SIDE = 3007
    REDUCE_ONLY_REJECTED = 3008
    WOULD_TRADE_AT_ONCE = 3009
    CANNOT_FILL_WHOLE = 3010
    WOULD_TRIGGER_AT_ONCE = 3011
    MISSING_PRICE = 3012
    DUPLICATE_CLIENT_ID = 3013
    NOTIONAL_TOO_LARGE = 3014
    OPEN_INTEREST_TOO_LARGE = 3015
    MARGIN_INSUFFICIENT = 4001
    BALANCE_INSUFFICIENT = 4002
    HEALTH_UNKNOWN = 4003
    NOTHING_TO_CONVERT = 4004
    HALTED = 5001
    CANCEL_ONLY = 5002
    PRICES_UNUSABLE = 5003
    BOOKS_DO_NOT_BALANCE = 5004
    NOT_HALTED = 5005
    QUEUE_FULL = 5006
    ALREADY_SETTLED = 5007


class Refusal(Exception):
    """Raised while deciding, before anything has happened; becomes a `Refused` event."""

    def __init__(self, code: int, reason: str) -> None:
        """Keep code and words."""
        super().__init__(reason)
        self.code, self.reason = int(code), reason
