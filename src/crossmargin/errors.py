"""Every exception the package raises, as one tree.

    CrossmarginError
    ├── UsageError          the caller broke the contract: a bad file, argument or combination
    │   ├── UnitError       a number that is not finite, has the wrong sign or too many digits
    │   └── RulebookError   a rulebook data file is invalid: file, key, value, bound
    ├── UnknownError        the answer is unknown for lack of data; says what is missing
    ├── FeedError           prices that cannot be read or trusted: file, line, reason
    ├── StoreError          a store that is damaged, or did not take what was written
    └── InvariantBroken     a law of the system failed; always a bug here, never in the input

The command line turns the first five into one sentence and an exit status; the last one is left
to surface with its traceback. Refusals that a correct client can cause are not exceptions.
"""


class CrossmarginError(Exception):
    """Base of everything raised on purpose; `str()` is one sentence: where, what, why."""

    exit_status = 2


class UsageError(CrossmarginError):
    """The caller broke the contract."""


class UnitError(UsageError):
    """A number is not finite, has the wrong sign or carries too many digits."""


class RulebookError(UsageError):
    """A rulebook data file is invalid, or no such rulebook exists."""


class UnknownError(CrossmarginError):
    """The answer is unknown for lack of data; the message names what is missing."""

    exit_status = 3


class FeedError(CrossmarginError):
    """Price data cannot be read: file, line, reason."""


class StoreError(CrossmarginError):
    """A store is damaged, or a write or sync failed: which entry, reason."""

    exit_status = 1


class InvariantBroken(CrossmarginError):
    """A law of the system failed; this is a bug here, not in the input."""

    exit_status = 1
