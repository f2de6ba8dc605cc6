"""Derive v2's standard manager: perps, options and base collateral margined without scenarios.

The manager answers with balances, not requirements: cash and value less what is asked for, so
zero or more passes. Nothing nets except options of one expiry, whose margin is the better of

    A  the margins of the short legs alone (`margin.options`), and
    B  the worst payoff of all legs together at settlement prices of zero and every strike, less a
       charge for calls sold without a call bought against them, whose loss has no end,

so that a spread asks for its greatest loss at most. As one of them is taken for the whole expiry,
two legs may ask for more together than in accounts of their own. Two penalties raise the initial
requirement only: the stable coin below its peg, and oracles that are unsure of their prices.

This does not judge trades, accrue funding or read feeds. An option's mark value is Black-76 in
float64 (`margin.black.mark`), the only float here; everything else is exact, but for the one
quotient: collateral in stable coins, rounded down. The contract computes in 18-decimal fixed
point that truncates, so its answers differ in the last digits.

An account has one leg for each strike and right: what it bought and sold of the same option is
one amount before it comes here.

Source: derivexyz/v2-core, `src/risk-managers/StandardManager.sol`.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnitError
from crossmargin.margin.black import mark
from crossmargin.margin.options import (
    OptionQuote,
    option_margin,
    out_of_the_money,
    settlement_value,
)
from crossmargin.model.option import OptionRule, Right
from crossmargin.money import ONE, ZERO, exact, quotient_down


class OptionLeg(Struct, frozen=True):
    """One option of an expiry: `size` signed in units, `volatility` a year's as a fraction."""

    right: Right
    strike: Decimal
    size: Decimal
    volatility: Decimal


class Expiry(Struct, frozen=True):
    """The options that expire together.

    Attributes
    ----------
    seconds : to expiry.
    forward_price : for that expiry, in USD.
    forward_confidence, volatility_confidence : of the oracles, 0 to 1; the latter the lowest over
        the expiry's strikes.
    """

    seconds: Decimal
    forward_price: Decimal
    legs: tuple[OptionLeg, ...]
    forward_confidence: Decimal = ONE
    volatility_confidence: Decimal = ONE


class Perpetual(Struct, frozen=True):
    """A perpetual position: `unrealised_pnl` includes unpaid funding, prices in USD."""

    size: Decimal = ZERO
    mark_price: Decimal = ZERO
    unrealised_pnl: Decimal = ZERO
    confidence: Decimal = ONE


class Holding(Struct, frozen=True):
    """What an account has in one underlying; `collateral` in units of it, not negative."""

    spot_price: Decimal
    spot_confidence: Decimal = ONE
    perpetual: Perpetual = Perpetual()
    collateral: Decimal = ZERO
    expiries: tuple[Expiry, ...] = ()


class StandardManagerRule(Struct, frozen=True):
    """The manager's parameters, the same for all underlyings here; fractions unless said.

    Attributes
    ----------
    perpetual_initial, perpetual_maintenance : of the perpetual's notional.
    option : of short legs alone, fractions of spot.
    unpaired_initial, unpaired_maintenance : multiples of the forward per net call sold.
    collateral : of the collateral's value that counts.
    collateral_initial_scale : times the above, for the initial margin.
    perpetual_threshold, option_threshold, collateral_threshold : a confidence below this is
        penalised; zero switches the penalty off.
    confidence_factor : of spot notional, per missing unit of confidence.
    depeg_threshold : stable price in USD below which `depeg_factor` applies.
    depeg_factor : of spot notional at risk, per USD below the threshold.
    """

    perpetual_initial: Decimal
    perpetual_maintenance: Decimal
    option: OptionRule
    unpaired_initial: Decimal
    unpaired_maintenance: Decimal
    collateral: Decimal
    collateral_initial_scale: Decimal = ONE
    perpetual_threshold: Decimal = ZERO
    option_threshold: Decimal = ZERO
    collateral_threshold: Decimal = ZERO
    confidence_factor: Decimal = ZERO
    depeg_threshold: Decimal = ZERO
    depeg_factor: Decimal = ZERO


class ManagerMargin(Struct, frozen=True):
    """What the manager says of an account, or its part in one underlying, in stable coins.

    Attributes
    ----------
    initial_margin_balance, maintenance_margin_balance : what is left after the requirement;
        below zero the account may not add risk, or is liquidated.
    mark_to_market : worth at marks, cash included.
    """

    initial_margin_balance: Decimal = ZERO
    maintenance_margin_balance: Decimal = ZERO
    mark_to_market: Decimal = ZERO

    @exact
    def __add__(self, other: "ManagerMargin") -> "ManagerMargin":
        """Return the sums, field by field."""
        return ManagerMargin(
            self.initial_margin_balance + other.initial_margin_balance,
            self.maintenance_margin_balance + other.maintenance_margin_balance,
            self.mark_to_market + other.mark_to_market,
        )


@exact
def standard_margin(
    cash: Decimal,
    stable_price_usd: Decimal,
    holdings: tuple[Holding, ...],
    rule: StandardManagerRule,
) -> ManagerMargin:
    """Return the margin of an account: `cash` in stable coins and what it holds.

    Raises
    ------
    UnitError
        If the stable price is not above zero, or an option's price, volatility or time is out of
        its range.
    """
    if stable_price_usd <= 0:
        raise UnitError(f"the stable price is {stable_price_usd}, must be above zero")
    total = ManagerMargin(cash, cash, cash)
    for holding in holdings:
        for expiry in holding.expiries:
            total += expiry_margin(expiry, holding.spot_price, rule)
        total += _perpetual(holding.perpetual, rule)
        total += _collateral(holding, stable_price_usd, rule)
        penalty = _depeg_penalty(holding, stable_price_usd, rule)
        penalty += _confidence_penalty(holding, rule)
        total += ManagerMargin(initial_margin_balance=-penalty)
    return total


@exact
def expiry_margin(expiry: Expiry, spot_price: Decimal, rule: StandardManagerRule) -> ManagerMargin:
    """Return the options' margin of one expiry, before penalties: the better of A and B.

    Raises
    ------
    UnitError
        If a price, volatility or time is out of its range.
    """
    alone_initial = alone_maintenance = value = ZERO
    for leg in expiry.legs:
        mark_price = mark(
            leg.right, expiry.forward_price, leg.strike, leg.volatility, expiry.seconds
        )
        value += leg.size * mark_price
        # Moneyness is measured against spot here, not against the forward.
        distance = out_of_the_money(leg.right, leg.strike, spot_price)
        quote = OptionQuote(distance, spot_price, mark_price, spot_price)
        alone = option_margin(rule.option, leg.size, leg.right, quote)
        alone_initial += alone.initial_margin
        alone_maintenance += alone.maintenance_margin
    worst = worst_payoff(expiry.legs)
    net_calls = sum((leg.size for leg in expiry.legs if leg.right is Right.CALL), ZERO)
    unpaired = min(net_calls, ZERO) * expiry.forward_price
    return ManagerMargin(
        max(-alone_initial, worst + rule.unpaired_initial * unpaired),
        max(-alone_maintenance, worst + rule.unpaired_maintenance * unpaired),
        value,
    )


@exact
def worst_payoff(legs: tuple[OptionLeg, ...]) -> Decimal:
    """Return the lowest payoff of all legs together, at most zero; exact.

    Payoffs bend at strikes only, so zero and the strikes are enough, save above the highest
    strike, where calls that are net short lose without end: those are charged for apart.
    """
    settlements = {ZERO, *(leg.strike for leg in legs)}
    return min(ZERO, *(_payoff(legs, settlement_price) for settlement_price in settlements))


def _payoff(legs: tuple[OptionLeg, ...], settlement_price: Decimal) -> Decimal:
    paid = (
        settlement_value(leg.size, leg.right, leg.strike, settlement_price, is_inverse=False)
        for leg in legs
    )
    return sum(paid, ZERO)


def _perpetual(perpetual: Perpetual, rule: StandardManagerRule) -> ManagerMargin:
    notional = abs(perpetual.size) * perpetual.mark_price
    return ManagerMargin(
        perpetual.unrealised_pnl - notional * rule.perpetual_initial,
        perpetual.unrealised_pnl - notional * rule.perpetual_maintenance,
        perpetual.unrealised_pnl,
    )


def _collateral(
    holding: Holding, stable_price_usd: Decimal, rule: StandardManagerRule
) -> ManagerMargin:
    # The contract divides by the stable price in mark-to-market only.
    value = holding.collateral * holding.spot_price
    counted = value * rule.collateral
    return ManagerMargin(
        counted * rule.collateral_initial_scale, counted, quotient_down(value, stable_price_usd)
    )


def _shorts(expiry: Expiry) -> Decimal:
    return sum((-leg.size for leg in expiry.legs if leg.size < 0), ZERO)


def _depeg_penalty(
    holding: Holding, stable_price_usd: Decimal, rule: StandardManagerRule
) -> Decimal:
    missing = max(rule.depeg_threshold - stable_price_usd, ZERO)
    exposed = abs(holding.perpetual.size) + sum(map(_shorts, holding.expiries), ZERO)
    return missing * rule.depeg_factor * holding.spot_price * exposed


def _confidence_penalty(holding: Holding, rule: StandardManagerRule) -> Decimal:
    spot = holding.spot_confidence
    # (lowest confidence, what it must not be below, size that depends on it)
    judged = [
        (
            min(spot, holding.perpetual.confidence),
            rule.perpetual_threshold,
            abs(holding.perpetual.size),
        ),
        (spot, rule.collateral_threshold, holding.collateral),
    ]
    for expiry in holding.expiries:
        lowest = min(spot, expiry.forward_confidence, expiry.volatility_confidence)
        judged.append((lowest, rule.option_threshold, _shorts(expiry)))
    missing = sum(((ONE - lowest) * size for lowest, least, size in judged if lowest < least), ZERO)
    return missing * rule.confidence_factor * holding.spot_price
