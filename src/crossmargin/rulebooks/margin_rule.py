"""The choices a venue makes about requirements: what they follow from, and at which price.

Records only; the formulas are in `margin.requirement`, `margin.netting` and `margin.options`.
"""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossmargin.model.instrument import Kind
from crossmargin.model.option import OptionRule
from crossmargin.money import ZERO


class InitialMargin(StrEnum):
    """What the initial margin of a position follows from.

    LEVERAGE: notional ÷ the leverage set. LADDER: the ladder's own initial rate, or notional ÷
    the leverage set where that is more. MULTIPLE: `initial_multiple` × maintenance margin.
    """

    LEVERAGE = "leverage"
    LADDER = "ladder"
    MULTIPLE = "multiple"


class PriceBasis(StrEnum):
    """The price a requirement is computed at."""

    MARK = "mark"
    INDEX = "index"
    ENTRY = "entry"


class ClosingFee(StrEnum):
    """At which price the fee of closing a position is reserved within its requirements.

    MARK: within maintenance margin, on the notional at the mark. BANKRUPTCY: within both, on the
    notional at the price at which the position's own margin would be used up, so it does not move
    with the mark.
    """

    NONE = "none"
    MARK = "mark"
    BANKRUPTCY = "bankruptcy"


class Netting(StrEnum):
    """Which requirements of opposite positions are not added up.

    LARGER_SIDE: of the cross positions in linear contracts of one underlying and settle asset, only
    the longs or the shorts are charged, whichever come to more. LARGER_SIDE_OF_SYMBOL: the same
    between the two sides of one hedged symbol.
    """

    NONE = "none"
    LARGER_SIDE = "larger-side"
    LARGER_SIDE_OF_SYMBOL = "larger-side-of-symbol"


class MarginRule(Struct, frozen=True):
    """How requirements follow from notional and ladder.

    Attributes
    ----------
    initial_price_cross, initial_price_isolated : what initial margin is computed at.
    maintenance_price : what notional is taken at for the ladder: mark, or index (of the base
        asset; the mark where the account gives none).
    closing_fee_rate : fraction of notional that `closing_fee` reserves.
    money_step : the unit requirements are rounded up and notionals cut to; None: not rounded.
    transfer_floor : fraction of notional that must stay where money leaves, if initial margin is
        less.
    """

    initial: InitialMargin = InitialMargin.LEVERAGE
    initial_multiple: Decimal | None = None
    initial_price_cross: PriceBasis = PriceBasis.MARK
    initial_price_isolated: PriceBasis = PriceBasis.MARK
    maintenance_price: PriceBasis = PriceBasis.MARK
    closing_fee: ClosingFee = ClosingFee.NONE
    closing_fee_rate: Decimal = ZERO
    netting: Netting = Netting.NONE
    money_step: Decimal | None = None
    transfer_floor: Decimal = ZERO


PLAIN = MarginRule()
"""Initial margin is notional ÷ leverage, maintenance margin the ladder's; both at the mark."""


class OptionMethod(Struct, frozen=True):
    """How a family of options is margined, position by position or an expiry at once.

    Attributes
    ----------
    rule : the numbers for short ones alone.
    is_worst_payoff_enough : whether an expiry's options together are asked for no more than their
        worst payoff at settlement and what follows for unpaired calls (Derive).
    unpaired_initial, unpaired_maintenance : multiples of the forward price per call sold without
        one bought, in that case.
    """

    rule: OptionRule
    is_worst_payoff_enough: bool = False
    unpaired_initial: Decimal = ZERO
    unpaired_maintenance: Decimal = ZERO


class OptionFamily(Struct, frozen=True):
    """How a family's symbols are read, and how it is margined; see `rulebooks.options`.

    `settle` is None where an option settles in its base.
    """

    pattern: str
    bases: tuple[str, ...]
    kind: Kind
    settle: str | None
    multiplier: Decimal
    method: OptionMethod
