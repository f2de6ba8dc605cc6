"""What the venue believes of implied volatility: the last that was observed of each expiry.

A surface is one body's estimate and not a price that markets agree on, so there is one of it, and
no median of several. What has grown older than an observation may be (`stale_ms`) is not used, nor
is what has expired: options then have the volatility that their own mark implies, or none.
"""

from crossmargin.errors import UnitError
from crossmargin.model.surface import Smile
from crossmargin.money import exact
from crossmargin.venue.command import ObserveSurface
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import SurfaceSet
from crossmargin.venue.refusal import Code


@exact
def observe_surface(decision: Decision, command: ObserveSurface) -> None:
    """Take in what was seen of an expiry of an underlying.

    Raises
    ------
    Refusal
        MISSING_PRICE without an asset, BAD_NUMBER if it is no smile.
    """
    take_in(decision, command, checked_smile(decision, command))


def checked_smile(decision: Decision, command: ObserveSurface) -> Smile:
    """Return what was seen, once it is known to be a smile.

    Raises
    ------
    Refusal
        MISSING_PRICE without an asset, BAD_NUMBER.
    """
    if not command.asset:
        text = "an observation of a surface needs the name of its asset"
        raise decision.refuse(Code.MISSING_PRICE, text)
    try:
        return Smile(command.expires_ms, command.points, command.forward, command.rate)
    except UnitError as error:
        raise decision.refuse(Code.BAD_NUMBER, str(error)) from None


def take_in(decision: Decision, command: ObserveSurface, smile: Smile) -> None:
    """Let a smile be what is known of its expiry; holders of the underlying may have failed."""
    decision.emit(SurfaceSet(asset=command.asset, smile=smile, at_ms=decision.at_ms))
    contracts = decision.state.rulebook.contracts
    for symbol in sorted(decision.state.symbols):
        contract = contracts.get(symbol)
        if contract is not None and contract.instrument.base == command.asset:
            decision.touched.update(decision.state.symbols[symbol].holders)
