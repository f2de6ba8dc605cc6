"""A rulebook whose contracts are other venues': one account over several of a venue's markets.

Its `rules.toml` has what is its own (the pool, collateral, liquidation, refusals) and names the
venues whose contracts it holds. Their ladders, fees, funding and way of margining are taken as they
are, so that no number stands in two places. Invariants: no symbol is of two of them, all of them
margin positions the same way, and the hash covers every file that was read.
"""

from datetime import date
from hashlib import sha256

from msgspec.structs import replace

from crossmargin.errors import RulebookError
from crossmargin.rulebooks.assemble import collateral_of, liquidation_of, notes_of, rules_of
from crossmargin.rulebooks.bounds import check
from crossmargin.rulebooks.files import DataFile, RulesFile
from crossmargin.rulebooks.schema import Contract, Rulebook

OF_THE_PARTS = (
    *("leverage", "tiers", "margin", "contracts", "options", "orders", "fees", "funding", "adl"),
    "instruments",
)
"""Tables that such a venue has not, because its contracts bring theirs."""


def composed_from(rules_file: DataFile, edition: date, parts: tuple[Rulebook, ...]) -> Rulebook:
    """Return the rulebook that a venue's own rules and the rulebooks of its contracts make.

    What is said once for a whole rulebook (fees, funding, prices of orders) is the first part's.

    Raises
    ------
    RulebookError
        If the file is invalid, or the parts do not go together.
    """
    rules, name, first = rules_of(rules_file), rules_file.name, parts[0]
    check(name, rules, rules.sources)
    _check_tables(name, rules)
    for part in parts[1:]:
        if part.margin != first.margin:
            raise RulebookError(
                f"{name}: contracts of {first.venue} and {part.venue} are margined in different "
                "ways, must be in one"
            )
    liquidation, switches, portfolio = rules.liquidation, rules.switches, rules.portfolio
    if liquidation is None or switches is None or portfolio is None:
        raise RulebookError(f"{name}: [liquidation], [switches] and [portfolio] must be there")
    own = {"liquidation": liquidation, "switches": switches, "portfolio": portfolio}
    theirs = {name: said for name, said in first.notes.items() if name in OF_THE_PARTS}
    sources = dict(rules.sources)
    assumptions = dict.fromkeys(rules.assumptions)
    for part in parts:
        sources = part.sources | sources
        assumptions |= dict.fromkeys(part.assumptions)
    hashes = "".join(part.sha256 for part in parts)
    return replace(
        first,
        venue=rules.venue,
        edition=edition,
        sha256=sha256(rules_file.content + hashes.encode()).hexdigest(),
        assets_modes=rules.assets_modes,
        ratio_convention=rules.ratio_convention,
        liquidation=liquidation_of(liquidation),
        switches=switches.rules,
        contracts=_contracts(name, parts),
        collateral=collateral_of(name, rules.collateral),
        sources=sources,
        assumptions=tuple(assumptions),
        notes=theirs | notes_of(own),
        position_modes=rules.position_modes,
        has_isolated=rules.has_isolated,
        is_single_isolated=rules.is_single_isolated,
        has_isolated_in_multi=rules.has_isolated_in_multi,
        portfolio=portfolio,
        modes=rules.modes,
        debts=None,
    )


def _check_tables(name: str, rules: RulesFile) -> None:
    for table in OF_THE_PARTS:
        if getattr(rules, table):
            raise RulebookError(
                f"{name}: [{table}] must not be there, {', '.join(rules.contracts_from)} have it"
            )


def _contracts(name: str, parts: tuple[Rulebook, ...]) -> dict[str, Contract]:
    found: dict[str, Contract] = {}
    for part in parts:
        for symbol, contract in part.contracts.items():
            if symbol in found:
                raise RulebookError(f"{name}: {symbol} is a symbol of {part.venue} and another")
            found[symbol] = contract
    return found
