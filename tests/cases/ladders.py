"""Cases about margin ladders: where tiers meet, and which tier holds a notional."""

from collections.abc import Callable
from decimal import Decimal

from crossmargin.margin.orders import initial_margin
from crossmargin.margin.pnl import notional
from crossmargin.margin.tiers import maintenance_margin, tier_of
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ZERO, exact
from tests.cases.accounts import instrument_of, ladder_of, size_name
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape, canonical
from tests.toys import LEVERAGE_MAX

TABLES: dict[str, Callable[[Tiers], object]] = {
    "maintenance_amounts": lambda tiers: [piece.deduction for piece in tiers.pieces],
    "mmrs": lambda tiers: [piece.rate for piece in tiers.pieces],
    "floors": lambda tiers: list(tiers.floors),
}
LEVEL = r"(?:level|tier)_?(\d+)_(\w+)|(\w+?)_(?:level|tier)_?(\d+)"


@exact
def ladder(case: Case, inputs: Inputs) -> Answer:
    """Return the answers about a whole table, or about the tiers of one or several notionals."""
    tiers = ladder_of(inputs)
    if tiers is None and not inputs.has("leverage"):
        raise UnknownShape(f"no tiers among {', '.join(sorted(inputs.values))}")
    size = size_name(case, inputs)
    is_in_usd = size == "notional" and inputs.has("mark_price")
    if tiers is not None and size == "notional" and not is_in_usd:
        raise UnknownShape("tiers are bounded in coin, but the notional is in USD without a price")
    inputs.value("symbol", None)
    at: dict[str, object] = {}
    for match, key in list(inputs.matching(r"(?:position_)?(?:notional|value)_(\w+)")):
        at[match[1]] = inputs.at(key)
    if inputs.has("notional") and not is_in_usd:
        at[""] = inputs.number("notional")
    elif inputs.has(size):
        at[""] = notional(
            inputs.number(size),
            inputs.number("mark_price"),
            instrument_of(case, inputs),
        )
    found = {
        label: {"notional": value} | ({} if tiers is None else _at(value, tiers))
        for label, value in ((label, abs(value)) for label, value in at.items())
    }

    leverage = inputs.number("leverage", None)
    for values in found.values() if leverage is not None else ():
        values["initial_margin"] = initial_margin(values["notional"], leverage)

    def answer(key: str) -> object:
        if key in TABLES and tiers is not None:
            return TABLES[key](tiers)
        for label, values in found.items():
            for rest in (key.removesuffix(f"_at_{label}"), key.removesuffix(f"_{label}")):
                name = canonical("tier" if rest in ("bracket", "level") else rest, inputs.units)
                if (rest != key or not label) and name in values:
                    return values[name]
        raise Unanswered(key)

    return answer


def _at(value: Decimal, tiers: Tiers) -> dict[str, object]:
    piece = tier_of(value, tiers)
    return {
        "mmr": piece.rate,
        "maintenance_amount": piece.deduction,
        "max_leverage": piece.leverage_max,
        "floor": piece.floor,
        "tier": tiers.floors.index(piece.floor) + 1,
        "maintenance_margin": maintenance_margin(value, tiers),
    }


@exact
def levels(case: Case, inputs: Inputs) -> Answer:
    """Return the amounts of numbered tiers, each from the one below."""
    if inputs.has("tiers"):
        return ladder(case, inputs)
    given: dict[int, dict[str, object]] = {}
    for match, key in list(inputs.matching(LEVEL)):
        number = int(match[1] or match[4])
        given.setdefault(number, {})[canonical(match[2] or match[3], inputs.units)] = key
    if not given:
        raise UnknownShape(f"no levels among {', '.join(sorted(inputs.values))}")
    pieces: dict[int, Tier] = {}
    for number, keys in sorted(given.items()):
        below = pieces.get(number - 1)
        rate = inputs.at(keys["mmr"])
        if "maintenance_amount" in keys:
            amount = inputs.at(keys["maintenance_amount"])
            floor = inputs.at(keys["floor"]) if "floor" in keys else ZERO
        elif below is None:
            floor = amount = inputs.at(keys["floor"]) if "floor" in keys else ZERO
            if floor:
                raise UnknownShape(f"no maintenance_amount of level {number}")
        else:
            floor = inputs.at(keys["floor"])
            amount = below.deduction_above(floor, rate)
        pieces[number] = Tier(floor, rate, amount, LEVERAGE_MAX)
    highest = pieces[max(pieces)]

    def answer(key: str) -> object:
        for number, piece in pieces.items():
            if key in (f"maintenance_amount_level{number}", f"level{number}_maintenance_amount"):
                return piece.deduction
        if key == "maintenance_amount":
            return highest.deduction
        raise Unanswered(key)

    return answer
