"""Assets as people name them in options: checked against what the account has a stake in."""

from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING

from crossmargin.errors import UsageError

if TYPE_CHECKING:
    from crossmargin.risk.situation import Situation


def asset_named(name: str, situation: "Situation", option: str) -> str:
    """Return the asset that `name` means: itself, or what the symbol of that name is on.

    Raises
    ------
    UsageError
        If the account has no stake in it; the sentence says what it has, or what may be meant.
    """
    wanted = name.strip()
    if wanted in situation.assets:
        return wanted
    contract = situation.rulebook.contracts.get(wanted)
    if contract is not None and contract.instrument.base in situation.assets:
        return contract.instrument.base
    close = get_close_matches(wanted.upper(), situation.assets, n=1)
    meant = f"; did you mean {close[0]}?" if close else f"; there is {', '.join(situation.assets)}"
    raise UsageError(f"{option}: {wanted} is nothing that the account has a stake in{meant}")


def asset_pair(text: str, situation: "Situation", option: str) -> tuple[str, str]:
    """Return two assets written with a comma between; errors as of `asset_named`.

    Raises
    ------
    UsageError
        If they are not two, or one and the same.
    """
    names = [asset_named(part, situation, option) for part in text.split(",") if part.strip()]
    if len(names) != 2:
        raise UsageError(f"{option}: takes two assets with a comma between, such as BTC,ETH")
    if names[0] == names[1]:
        raise UsageError(f"{option}: takes two assets, and both are {names[0]}")
    return names[0], names[1]


def asset_moves(text: str, situation: "Situation", option: str) -> dict[str, Decimal]:
    """Return relative moves by asset from BTC=-0.1,ETH=-15%; errors as of `asset_named`.

    Raises
    ------
    UsageError
        If a part is no asset with a number, or an asset comes twice.
    """
    moves: dict[str, Decimal] = {}
    for part in (part for part in text.split(",") if part.strip()):
        name, sign, value = part.partition("=")
        if not sign:
            raise UsageError(
                f"{option}: {part.strip()} is not an asset with a move, as in BTC=-10%"
            )
        asset = asset_named(name, situation, option)
        if asset in moves:
            raise UsageError(f"{option}: {asset} comes twice")
        moves[asset] = _move(value.strip(), part.strip(), option)
    if not any(moves.values()):
        raise UsageError(f"{option}: nothing in it moves; write it as BTC=-10%,ETH=-15%")
    return moves


def _move(text: str, part: str, option: str) -> Decimal:
    try:
        value = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise UsageError(f"{option}: {part} has no number such as -0.1 or -10%")
    return value / 100 if text.endswith("%") else value
