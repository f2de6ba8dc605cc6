"""Several observations of one moment, taken in before anybody is looked at.

A hedged account is worth the same while its hedge has moved with what it hedges. Between the
observation of the one and that of the other it would look ruined, so a feed that knows both says
them together.
"""

from crossmargin.money import exact
from crossmargin.venue import asset_prices, prices, surfaces
from crossmargin.venue.command import Observe, ObserveAsset, ObserveTogether
from crossmargin.venue.decision import Decision
from crossmargin.venue.refusal import Code


@exact
def observe_together(decision: Decision, command: ObserveTogether) -> None:
    """Take in all observations, in their order; if one of them is refused, all are.

    Raises
    ------
    Refusal
        BAD_NUMBER where one is of another moment, and those of each observation.
    """
    smiles = []
    for place, seen in enumerate(command.seen):
        if seen.at_ms != command.at_ms:
            raise decision.refuse(Code.BAD_NUMBER, f"observation {place} is of another moment")
        if isinstance(seen, Observe):
            prices.check_observation(decision, seen)
        elif isinstance(seen, ObserveAsset):
            asset_prices.check_observation(decision, seen)
        else:
            smiles.append(surfaces.checked_smile(decision, seen))
    found = iter(smiles)
    for seen in command.seen:
        if isinstance(seen, Observe):
            prices.take_in(decision, seen)
        elif isinstance(seen, ObserveAsset):
            asset_prices.take_in(decision, seen)
        else:
            surfaces.take_in(decision, seen, next(found))
