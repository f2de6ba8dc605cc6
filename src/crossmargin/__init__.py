"""Exact cross-margin arithmetic for crypto derivatives accounts: the public face.

    >>> from pathlib import Path
    >>> import crossmargin as cm
    >>> file = cm.read_account_file(Path("examples/three-longs.toml"))
    >>> assessment = cm.assess(file.account, file.market, file.rulebook)
    >>> assessment.pool.health.buffer, assessment.boundaries.joint.down

Prices through files and replays of them are in `crossmargin.feeds` and `crossmargin.replay`.

Names are imported when first used, so that the command line answers `--help` at once.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from crossmargin.errors import (
        CrossmarginError,
        FeedError,
        InvariantBroken,
        RulebookError,
        UnitError,
        UnknownError,
        UsageError,
    )
    from crossmargin.files.account import AccountFile, parse_account, read_account_file
    from crossmargin.files.answer import answer
    from crossmargin.margin.assess import assess
    from crossmargin.margin.assessment import Assessment, Status
    from crossmargin.margin.boundary import boundaries
    from crossmargin.margin.direction import crossings_along, liquidating_multiple
    from crossmargin.margin.health import Health
    from crossmargin.margin.tiers import maintenance_margin, tier_of
    from crossmargin.model.account import (
        Account,
        AssetsMode,
        MarginMode,
        Position,
        PositionMode,
    )
    from crossmargin.model.instrument import Instrument, Kind
    from crossmargin.model.liquidity import Liquidity
    from crossmargin.model.market import Market
    from crossmargin.model.order import Order, OrderType, Side
    from crossmargin.model.tiers import Tier, Tiers
    from crossmargin.rulebooks.loader import editions, load_rulebook, venues
    from crossmargin.rulebooks.schema import Collateral, Contract, Rulebook

__version__ = "0.1.0"

__all__ = [
    "Account",
    "AccountFile",
    "Assessment",
    "AssetsMode",
    "Collateral",
    "Contract",
    "CrossmarginError",
    "FeedError",
    "Health",
    "Instrument",
    "InvariantBroken",
    "Kind",
    "Liquidity",
    "MarginMode",
    "Market",
    "Order",
    "OrderType",
    "Position",
    "PositionMode",
    "Rulebook",
    "RulebookError",
    "Side",
    "Status",
    "Tier",
    "Tiers",
    "UnitError",
    "UnknownError",
    "UsageError",
    "__version__",
    "answer",
    "assess",
    "boundaries",
    "crossings_along",
    "editions",
    "liquidating_multiple",
    "load_rulebook",
    "maintenance_margin",
    "parse_account",
    "read_account_file",
    "tier_of",
    "venues",
]

_HOMES = {
    "crossmargin.errors": (
        "CrossmarginError",
        "FeedError",
        "InvariantBroken",
        "RulebookError",
        "UnitError",
        "UnknownError",
        "UsageError",
    ),
    "crossmargin.files.account": ("AccountFile", "parse_account", "read_account_file"),
    "crossmargin.files.answer": ("answer",),
    "crossmargin.margin.assess": ("assess",),
    "crossmargin.margin.assessment": ("Assessment", "Status"),
    "crossmargin.margin.boundary": ("boundaries",),
    "crossmargin.margin.direction": ("crossings_along", "liquidating_multiple"),
    "crossmargin.margin.health": ("Health",),
    "crossmargin.model.account": (
        "Account",
        "AssetsMode",
        "MarginMode",
        "Position",
        "PositionMode",
    ),
    "crossmargin.model.instrument": ("Instrument", "Kind"),
    "crossmargin.model.liquidity": ("Liquidity",),
    "crossmargin.model.market": ("Market",),
    "crossmargin.model.order": ("Order", "OrderType", "Side"),
    "crossmargin.model.tiers": ("Tier", "Tiers"),
    "crossmargin.rulebooks.loader": ("editions", "load_rulebook", "venues"),
    "crossmargin.rulebooks.schema": ("Collateral", "Contract", "Rulebook"),
    "crossmargin.margin.tiers": ("maintenance_margin", "tier_of"),
}


def __getattr__(name: str) -> object:
    """Return the public `name`, importing the module it lives in."""
    for module, names in _HOMES.items():
        if name in names:
            found: object = getattr(_importlib.import_module(module), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
