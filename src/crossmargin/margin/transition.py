"""What an account below its initial margin may still do: whatever does not make it riskier.

Refusing every update of such an account would lock it in; allowing every reduction would let it
hand its equity away through bad trades. So an update passes if initial margin is met after it, or
if maintenance margin does not rise and equity ÷ maintenance margin does not fall. The rule and
the order are those of dYdX v4 (x/subaccounts/lib/updates.go and lib/margin/risk.go).

This looks at two states and changes nothing. Invariant: products are compared, so nothing divides
by zero and nothing rounds.

Two orders of riskiness exist because they answer two questions. `Health.is_riskier_than` says
which of several units is the least healthy: equal ratios are equal, and without equity the
missing money counts, since a ratio of negative equity calls the account with the larger
requirement the safer one. `risk_order` says what the venue says: it keeps that quirk, breaks
ties by size, and is what decides whether an update passes.
"""

from enum import StrEnum

from crossmargin.margin.health import Health
from crossmargin.money import exact


class UpdateResult(StrEnum):
    """Whether an update passes, and if not, whether the account met initial margin before it."""

    SUCCESS = "success"
    STILL_UNDERCOLLATERALIZED = "still_undercollateralized"
    NEWLY_UNDERCOLLATERALIZED = "newly_undercollateralized"


@exact
def update_result(before: Health, after: Health) -> UpdateResult:
    """Return whether an account may go from `before` to `after`.

    Equity at or above initial margin afterwards always passes, even with neither.
    """
    if after.equity >= after.initial_margin:
        return UpdateResult.SUCCESS
    return update_result_below_initial(before, after)


@exact
def update_result_below_initial(before: Health, after: Health) -> UpdateResult:
    """Return whether the update passes, where initial margin is known not to be met after it.

    The initial margin of `after` is not looked at. In this order: a higher maintenance margin is
    refused; without any before or after, only more equity with none at both ends passes, so the
    last position cannot be closed into debt; else the state must not be riskier than before.
    """
    refusal = (
        UpdateResult.STILL_UNDERCOLLATERALIZED
        if before.equity < before.initial_margin
        else UpdateResult.NEWLY_UNDERCOLLATERALIZED
    )
    if after.maintenance_margin > before.maintenance_margin:
        return refusal
    if not before.maintenance_margin or not after.maintenance_margin:
        is_flat = before.maintenance_margin == after.maintenance_margin
        is_better = is_flat and after.equity > before.equity
        return UpdateResult.SUCCESS if is_better else refusal
    return refusal if risk_order(after, before) > 0 else UpdateResult.SUCCESS


@exact
def risk_order(one: Health, other: Health) -> int:
    """Return 1 if `one` is riskier than `other`, −1 if it is safer, 0 if they are equal.

    The lower equity ÷ maintenance margin is riskier, by cross-multiplication. At equal products
    the higher maintenance margin is, or, with none on either side, the lower equity. A total
    preorder over maintenance margins that are not negative. Initial margins are not looked at.
    """
    mine = other.equity * one.maintenance_margin
    theirs = one.equity * other.maintenance_margin
    if mine != theirs:
        return 1 if mine > theirs else -1
    if one.maintenance_margin != other.maintenance_margin:
        return 1 if one.maintenance_margin > other.maintenance_margin else -1
    if one.maintenance_margin or one.equity == other.equity:
        return 0
    return 1 if one.equity < other.equity else -1
