"""A ladder's text, and the affine pieces it stands for.

    0 0.4% 125x | 50k 0.5% 100x | 250k 1% 50x | 1M

Each tier is the floor of notional from which it holds, its maintenance rate and the largest
leverage; a number alone at the end is the largest notional allowed, and a number with `...` the
largest one up to which the ladder was published. `k` and `M` are thousands and millions. Caps
between tiers are not written: they are the next floor.

Instead of the largest leverage a tier may have its initial margin rate (`0 1% 2%`), and a rate
that no percentage spells may be a fraction (`0 1/6 3x`); what does not end is cut at 50 digits,
rounded up. On a ladder by size, floors count the instrument's unit of size.

Nor are deductions, as long as the ladder is marginal: they follow from the pieces meeting at the
floors, deduction = the one below + floor × (rate − rate below). A venue that prints them may have
them as a tier's fourth number, and then they must agree. On a whole-position ladder the rate of a
tier holds for all of the position, so deductions are zero or as written, and pieces need not meet.

Invariants of what is returned: floors rise strictly from zero, rates do not fall, leverage does
not rise, rate × leverage ≤ 1 (a position opened at the largest leverage is not liquidatable at
once), a marginal ladder is continuous.

Slices of collateral are written the same way (`0 98% | 10 95% | 20 0%`): the amount from which on
a part counts, and how much of it; here rates do not rise. An amount with `...` at the end is the
largest up to which they were published.
"""

from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from crossmargin.errors import RulebookError, UnitError
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact, number, plain, quotient_down, quotient_up
from crossmargin.rulebooks.ranges import LEVERAGE
from crossmargin.rulebooks.schema import Slice

UNITS = {"k": Decimal(10**3), "M": Decimal(10**6)}
WORDS_KEPT = 4096
DOTS = (".", "…")


@exact
def tiers_of(
    text: str,
    *,
    is_floor_included: bool = False,
    is_whole_position: bool = False,
    is_by_size: bool = False,
    growth: str | None = None,
) -> Tiers:
    """Return the ladder that `text` spells, exactly; amounts in the settle asset.

    `growth` is what each coin of a position adds to all rates, as a percentage.

    Raises
    ------
    RulebookError
        If the text does not spell a ladder or breaks one of the invariants above. The caller
        knows the file and the symbols, and adds them.
    """
    parts = [part.split() for part in text.split("|")] if text.strip() else []
    cap = known_to = None
    if parts and len(parts[-1]) == 1 and not parts[-1][0].endswith(DOTS):
        cap = _amount(parts.pop()[0])
    elif parts and parts[-1][1:] == ["..."]:
        known_to = _amount(parts.pop()[0])
    elif parts:
        _check_end(parts[-1])
    pieces: list[Tier] = []
    added = ZERO if growth is None else _rate(growth)
    for words in parts:
        if len(words) not in (3, 4):
            raise RulebookError(
                f"tier {' '.join(words)!r} must be floor, rate and leverage, "
                "such as '50k 0.5% 100x'"
            )
        floor, rate = _amount(words[0]), _rate(words[1])
        deduction = ZERO
        if pieces and not is_whole_position:
            deduction = pieces[-1].deduction_above(floor, rate)
        if len(words) == 4:
            given = _amount(words[3])
            if given != deduction and not is_whole_position:
                raise RulebookError(
                    f"deduction {words[3]} of the tier from {words[0]} must be "
                    f"{plain(deduction)} for the tiers to meet"
                )
            deduction = given
        leverage, initial = _leverage_and_rate(words[2])
        pieces.append(Tier(floor, rate, deduction, leverage, initial, added))
    _check(pieces, cap if known_to is None else known_to)
    return Tiers.of(
        tuple(pieces),
        cap,
        known_to=known_to,
        is_floor_included=is_floor_included,
        is_by_size=is_by_size,
    )


@exact
def slices_of(text: str) -> tuple[tuple[Slice, ...], Decimal | None]:
    """Return the slices of collateral that `text` spells, and how far they are known if not all.

    Raises
    ------
    RulebookError
        If the text does not spell slices, amounts do not rise from zero, or rates rise.
    """
    found: list[Slice] = []
    parts = [part.split() for part in text.split("|")]
    known_to = _amount(parts.pop()[0]) if parts[-1][1:] == ["..."] else None
    for words in parts:
        if len(words) != 2 or not words[1].endswith("%"):
            said = " ".join(words)
            raise RulebookError(f"slice {said!r} must be floor and rate, such as '10 95%'")
        rate = _number(words[1], words[1][:-1]).scaleb(-2)
        found.append(Slice(_amount(words[0]), rate))
    if not found or found[0].floor:
        raise RulebookError("the first slice must have floor 0")
    if found[0].rate > ONE:
        raise RulebookError(f"rate {plain(found[0].rate)} must be at most 1")
    for low, high in pairwise(found):
        if high.floor <= low.floor:
            raise RulebookError(f"floor {plain(high.floor)} must be above {plain(low.floor)}")
        if high.rate > low.rate:
            raise RulebookError(f"rate {plain(high.rate)} must be at most {plain(low.rate)}")
    if known_to is not None and known_to <= found[-1].floor:
        raise RulebookError(f"{plain(known_to)} must be above {plain(found[-1].floor)}")
    return tuple(found), known_to


def _check_end(words: list[str]) -> None:
    # Three dots that are not a word of their own, or another word in their place.
    is_short = len(words) == 2 and not words[1].endswith("%")
    if is_short or words[-1].endswith(DOTS):
        raise RulebookError(
            f"{' '.join(words)!r} at the end is no tier; a ladder known up to an amount ends in "
            "that amount, a space and three dots, such as '400 ...'"
        )


def _check(pieces: list[Tier], cap: Decimal | None) -> None:
    if not pieces or pieces[0].floor:
        raise RulebookError("the first tier must have floor 0")
    for piece in pieces:
        if piece.rate * piece.leverage_max > ONE and piece.initial_rate != piece.rate:
            raise RulebookError(
                f"rate {plain(piece.rate)} must be at most 1 / {piece.leverage_max}, "
                "the margin at the tier's largest leverage"
            )
    for low, high in pairwise(pieces):
        if high.floor <= low.floor:
            raise RulebookError(f"floor {plain(high.floor)} must be above {plain(low.floor)}")
        if high.rate < low.rate:
            raise RulebookError(f"rate {plain(high.rate)} must be at least {plain(low.rate)}")
        if high.leverage_max > low.leverage_max:
            raise RulebookError(f"leverage {high.leverage_max} must be at most {low.leverage_max}")
    if cap is not None and cap <= pieces[-1].floor:
        raise RulebookError(f"cap {plain(cap)} must be above {plain(pieces[-1].floor)}")


# The same few hundred words make up thousands of tiers: reading each once halves the load time.
@lru_cache(maxsize=WORDS_KEPT)
def _amount(word: str) -> Decimal:
    unit = UNITS.get(word[-1])
    return _number(word, word[:-1] if unit else word) * (unit or ONE)


@lru_cache(maxsize=WORDS_KEPT)
def _rate(word: str) -> Decimal:
    top, is_fraction, bottom = word.partition("/")
    if is_fraction and _number(word, bottom):
        rate = quotient_up(_number(word, top), _number(word, bottom))
    elif word.endswith("%"):
        rate = _number(word, word[:-1]).scaleb(-2)
    else:
        raise RulebookError(f"rate {word!r} must be a percentage, such as '0.5%'")
    if not ZERO < rate < ONE:
        raise RulebookError(f"rate {word} must be in (0 %, 100 %)")
    return rate


@lru_cache(maxsize=WORDS_KEPT)
def _leverage_and_rate(word: str) -> tuple[Decimal, Decimal | None]:
    if word.endswith("%") or "/" in word:
        rate = _rate(word)
        return quotient_down(ONE, rate), rate
    return _leverage(word), None


def _leverage(word: str) -> Decimal:
    if not word.endswith("x"):
        raise RulebookError(f"leverage {word!r} must end in x, such as '100x'")
    leverage = _number(word, word[:-1])
    if not LEVERAGE.holds(leverage):
        raise RulebookError(f"leverage {word} must be in {LEVERAGE}")
    return leverage


def _number(word: str, digits: str) -> Decimal:
    try:
        value = number(digits)
    except UnitError:
        raise RulebookError(f"{word!r} is not a number") from None
    if value < 0:
        raise RulebookError(f"{word} must not be negative")
    return value
