"""What people write for `crossmargin stress`, read: ranges, grids, pegs, funding."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from crossmargin.cli.assets import asset_named
from crossmargin.errors import UnitError, UsageError
from crossmargin.money import number

if TYPE_CHECKING:
    from crossmargin.risk.situation import Situation
    from crossmargin.risk.stress.shocks import Range

_FUNDING = re.compile(r"(?P<rate>[-+]?[\d.]+)(?P<percent>%?)(?:x(?P<intervals>[1-9]\d{0,4}))?")


def range_of(text: str, option: str) -> "Range":
    """Return the moves of FROM:TO:STEP, all in percent.

    Raises
    ------
    UsageError
        If it is not three numbers, or makes no range.
    """
    from crossmargin.risk.stress.shocks import Range

    parts = text.replace("%", "").split(":")
    if len(parts) != 3:
        raise UsageError(f"{option} {text}: is not FROM:TO:STEP in percent, such as -50:50:5")
    first, last, step = (_number(part, option) / 100 for part in parts)
    found = Range(first, last, step)
    try:
        found.values()
    except UsageError as error:
        raise UsageError(f"{option} {text}: {error}") from None
    return found


def axes_of(text: str, situation: "Situation", option: str) -> "dict[str, Range]":
    """Return the axes of BTC=-30:30:5,ETH=-40:40:10, by asset.

    Raises
    ------
    UsageError
        If a part is none, an asset is not held or comes twice.
    """
    found: dict[str, Range] = {}
    for part in (part for part in text.split(",") if part.strip()):
        name, sign, moves = part.partition("=")
        if not sign:
            raise UsageError(f"{option}: {part.strip()} is not an axis, as in BTC=-30:30:5")
        asset = asset_named(name, situation, option)
        if asset in found:
            raise UsageError(f"{option}: {asset} comes twice")
        found[asset] = range_of(moves.strip(), option)
    if not found:
        raise UsageError(f"{option}: names no asset; write it as BTC=-30:30:5,ETH=-40:40:10")
    return found


def numbers_by_name(text: str, option: str) -> dict[str, Decimal]:
    """Return the numbers of NAME=NUMBER,NAME=NUMBER; a percent sign divides by a hundred.

    Raises
    ------
    UsageError
        If a part is none, or a name comes twice.
    """
    found: dict[str, Decimal] = {}
    for part in (part.strip() for part in text.split(",") if part.strip()):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not (sign and name):
            raise UsageError(f"{option}: {part} is not NAME=NUMBER")
        if name in found:
            raise UsageError(f"{option}: {name} comes twice")
        found[name] = _number(value.removesuffix("%"), option)
        if value.endswith("%"):
            found[name] /= 100
    if not found:
        raise UsageError(f"{option}: names none; write them as NAME=NUMBER with commas between")
    return found


def funding_of(text: str, option: str) -> tuple[Decimal, int]:
    """Return rate and count of 0.003x3 or 0.3%x3; once where no count is given.

    Raises
    ------
    UsageError
        If it is none, or the rate is zero.
    """
    match = _FUNDING.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{option} {text}: is not RATExTIMES, such as 0.003x3 or 0.3%x3")
    rate = _number(match["rate"], option)
    if match["percent"]:
        rate /= 100
    if not rate:
        raise UsageError(f"{option} {text}: a rate of zero charges nobody")
    return rate, int(match["intervals"] or 1)


def number_of(text: str, option: str) -> Decimal:
    """Return the number an option was given; above zero.

    Raises
    ------
    UsageError
        If it is none.
    """
    value = _number(text, option)
    if value <= 0:
        raise UsageError(f"{option} {text}: must be above zero")
    return value


def _number(text: str, option: str) -> Decimal:
    try:
        return number(text.strip())
    except UnitError as error:
        raise UsageError(f"{option}: {error}") from None
