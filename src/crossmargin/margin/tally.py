"""Running sums of one pool or bucket in one asset, and what they come to."""

from decimal import Decimal

from crossmargin.margin.assessment import PositionAssessment, UnitAssessment, UnitKind
from crossmargin.margin.collateral import Rates, worth
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import collateral_rates
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import ONE, ZERO, plain
from crossmargin.rulebooks.schema import Collateral, Rulebook


class Tally:
    """Wallet, open profit and requirements of one unit, in one asset.

    `initial_missing` names what keeps initial margin alone from being known.

    `initial` is of positions, `orders` what open orders add to it. `missing` names what keeps
    the sums from being complete.
    """

    __slots__ = (
        "initial",
        "initial_missing",
        "maintenance",
        "missing",
        "open_loss",
        "orders",
        "pnl",
        "transfer_floor",
        "wallet",
    )

    def __init__(self, wallet: Decimal) -> None:
        """Start with a wallet and nothing else."""
        self.wallet = wallet
        self.pnl = self.initial = self.maintenance = self.orders = self.open_loss = ZERO
        self.transfer_floor = ZERO
        self.missing: list[str] = []
        self.initial_missing: list[str] = []

    def is_empty(self) -> bool:
        """Return whether there is nothing to convert and nothing missing."""
        return not self.missing and not (
            self.wallet or self.pnl or self.initial or self.orders or self.maintenance
        )

    def add(self, position: PositionAssessment) -> None:
        """Add a position, or the names of what is not known of it."""
        pnl, initial = position.unrealised_pnl, position.initial_margin
        maintenance = position.maintenance_margin
        if position.missing is not None:
            self.missing.append(position.missing)
        elif pnl is None:
            self.missing.append(f"mark price of {position.symbol}")
        elif maintenance is None:
            self.missing.append(f"margin tiers of {position.symbol}")
        else:
            if initial is None:
                self.initial_missing.append(position.initial_missing or position.symbol)
                initial = ZERO
            if position.is_collateral:
                self.pnl += pnl
            if position.transfer_floor:
                self.transfer_floor += position.transfer_floor
            self.initial += initial
            self.maintenance += maintenance

    def unit(
        self,
        kind: UnitKind,
        name: str,
        asset: str,
        *,
        is_trigger_strict: bool,
        symbol: str | None = None,
        side: Side | None = None,
    ) -> UnitAssessment:
        """Return what the sums come to; unknown while anything is missing."""
        health = orders = open_loss = None
        is_liquidatable = False
        if not self.missing:
            equity = self.wallet + self.pnl
            health = Health(equity, self.initial + self.orders, self.maintenance)
            orders, open_loss = self.orders, self.open_loss
            is_liquidatable = health.is_liquidatable(is_trigger_strict=is_trigger_strict)
        return UnitAssessment(
            kind,
            name,
            asset,
            symbol,
            side,
            self.wallet,
            health,
            orders,
            open_loss,
            is_liquidatable,
            tuple(self.missing),
            self.transfer_floor,
            tuple(dict.fromkeys(self.initial_missing)) if self.initial_missing else (),
        )


def rates_of(
    tallies: dict[str, Tally], market: Market, rulebook: Rulebook, remarks: dict[str, None]
) -> tuple[dict[str, Rates], list[str]]:
    """Return the rates of every asset that holds anything, and the names of those missing."""
    found: dict[str, Rates] = {}
    missing: list[str] = []
    for asset, tally in tallies.items():
        if tally.is_empty():
            continue
        asset_rates = collateral_rates(asset, market, rulebook)
        if isinstance(asset_rates, str):
            missing.append(asset_rates)
            continue
        found[asset] = asset_rates
        assumption = rulebook.collateral[asset].assumption
        if assumption:
            remarks[assumption] = None
    return found, missing


def in_usd(
    tallies: dict[str, Tally], rates: dict[str, Rates], collateral: dict[str, Collateral]
) -> Tally:
    """Return one tally in USD of all assets' tallies.

    Wallet and profit of an asset are netted before they convert, so that a debt is covered by
    profit in the same asset first; requirements convert at the ask rate. A debt carries a
    requirement of its own where the venue asks one, and what counts less for opening than for
    keeping adds the difference to initial margin. An asset that holds anything but has no rates
    makes the sum incomplete.
    """
    total = Tally(ZERO)
    for asset, tally in tallies.items():
        total.missing.extend(tally.missing)
        total.initial_missing.extend(tally.initial_missing)
        if asset not in rates:
            continue
        rate = rates[asset]
        known_to = collateral[asset].known_to
        if known_to is not None and tally.wallet + tally.pnl > known_to:
            total.missing.append(f"collateral slices of {asset} above {plain(known_to)}")
            continue
        wallet = worth(tally.wallet, rate)
        held = worth(tally.wallet + tally.pnl, rate)
        total.wallet += wallet
        total.pnl += held - wallet
        total.initial += tally.initial * rate.ask
        total.maintenance += tally.maintenance * rate.ask
        if held < 0:
            # A debt, and its own requirement.
            total.initial -= held * collateral[asset].borrow_initial
            total.maintenance -= held * collateral[asset].borrow_maintenance
        else:
            total.initial += held * (ONE - collateral[asset].initial_scale)
        total.orders += tally.orders * rate.ask
        total.open_loss += tally.open_loss * rate.ask
        total.transfer_floor += tally.transfer_floor * rate.ask
    return total
