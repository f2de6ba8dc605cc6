"""The laws of margin as a table: what each says here, and where a venue's method bends it.

`docs/reference/laws.md` is the same tables for people; a test compares the two, and
`python -m tests.property.laws` prints them. `tests` names the
properties that check a law; a test checks that they exist.
"""

from typing import NamedTuple

from crossmargin.rulebooks.loader import load_rulebook
from tests.property.methods import VENUES, features
from tests.property.portfolios import METHODS, NOT_SUBADDITIVE


class Law(NamedTuple):
    """A law, its precondition, and why there is one."""

    number: str
    says: str
    precondition: str
    tests: tuple[str, ...]


ALWAYS = "none"

LAWS = (
    Law(
        "1",
        "The order of balances, positions and orders changes nothing.",
        ALWAYS,
        ("test_permuting_positions_and_orders_changes_nothing",),
    ),
    Law(
        "2",
        "Two lots of one contract are one merged lot. The merged entry price is rounded at fifty "
        "digits, against the account.",
        "Lots of one direction: what netting a long and a short lot has realised is for the venue "
        "to say.",
        ("test_two_lots_are_one_merged_lot",),
    ),
    Law(
        "3",
        "A position of size zero contributes zero, and needs no price, ladder or collateral rate.",
        ALWAYS,
        ("test_a_position_of_zero_contributes_zero",),
    ),
    Law(
        "4",
        "Requirements do not fall when a position grows, and do not jump at tier edges.",
        "No open orders: they are margined together with the position, so growing into them costs "
        "nothing. That there is no jump: marginal ladders by notional; where a tier's rate holds "
        "for the whole position, margin jumps at the floor, upwards. Collateral that carries no "
        "requirement of its own (scaled collateral, borrowing): there a profit changes it. With "
        "netting only the larger side need rise.",
        (
            "test_maintenance_margin_is_monotone_in_size",
            "test_maintenance_margin_is_continuous_at_tier_edges",
            "test_requirements_are_monotone_in_every_size",
        ),
    ),
    Law(
        "5",
        "Initial margin ≥ maintenance margin ≥ 0.",
        "Leverage within the tier's cap: initial margin is flat, so it falls below maintenance "
        "margin when a mark outgrows the leverage that was set (leverage above the tier's cap). "
        "Within what growth and a closing fee leave of it, where maintenance margin has those on "
        "top. Both requirements at one price that moves: not where one is at entry, or one at the "
        "index and one at the mark.",
        ("test_initial_margin_covers_maintenance_within_the_leverage_of_the_tier",),
    ),
    Law(
        "6",
        "A deposit never worsens health, a withdrawal never improves it; any collateral.",
        ALWAYS,
        ("test_deposits_never_worsen_health",),
    ),
    Law(
        "7",
        "A reduce-only fill at mark never raises a requirement.",
        "No open orders: a smaller position may leave more of a stack of orders on the other side "
        "past flat. Collateral without requirements of its own, because what is realised is "
        "rounded; with a closing fee at bankruptcy, to within one unit of rounding.",
        ("test_a_reduce_only_fill_at_mark_never_raises_a_requirement",),
    ),
    Law(
        "8",
        "Closing at mark keeps equity but for fees and one unit of rounding a posting, against the "
        "account.",
        "Single-asset mode. In multi-assets mode a fee or a rounding is converted at the rate of "
        "the asset that pays it. No money step: there equity holds notional cut to whole steps, "
        "which closing gives back.",
        ("test_closing_at_mark_keeps_equity_but_for_fees",),
    ),
    Law(
        "9",
        "One tick inside the liquidation price is healthy, one tick beyond is not; without one no "
        "price changes which of the two it is. The same for a joint move of all prices.",
        "A safe interval wider than two ticks: both its ends are rounded inwards. At the price "
        "itself either may hold, because it is on the trigger when the root is on a tick. With a "
        "money step boundaries are early by at most eight steps a position, never late. Where "
        "requirements are at the index, that moves with its mark, as far above or below it. "
        "Where a whole-position ladder jumps, life may end and begin again: every crossing is "
        "named.",
        (
            "test_one_tick_inside_the_liquidation_price_is_healthy_and_one_tick_beyond_is_not",
            "test_brute_force_agrees_with_the_liquidation_prices_everywhere",
            "test_all_roots_of_mixed_legs_are_found_and_are_roots",
            "test_joint_points_are_never_in_the_accounts_favour",
            "test_every_crossing_between_roots_changes_life",
            "test_joint_liquidation_is_the_first_move_of_all_marks_that_breaks_something",
            "test_a_liquidating_multiple_is_the_first_that_breaks_something",
            "test_definitions_hold_for_what_is_already_liquidatable",
        ),
    ),
    Law(
        "10",
        "Equity at the bankruptcy price is zero to within one tick; closing at takeover prices "
        "leaves nothing, and the shares sum to the equity exactly.",
        "A positive price exists: a loss larger than a position can make has none. Above one tick. "
        "No money step: equity then is in whole steps, and exact to one step a position.",
        (
            "test_equity_is_zero_at_the_bankruptcy_price",
            "test_takeovers_take_exactly_the_equity",
            "test_a_takeover_of_the_pool_in_dollars_leaves_nothing",
        ),
    ),
    Law(
        "11",
        "What collateral counts for is at most its market value, and does not fall when there is "
        "more of it; a debt counts for at least its market value.",
        ALWAYS,
        (
            "test_a_haircut_value_is_below_market_value_and_monotone",
            "test_collateral_in_slices_is_below_market_value_and_monotone",
        ),
    ),
    Law(
        "12",
        "Pricing in cents or in dollars gives the same health, joint move and prices.",
        "Ticks are in the same unit.",
        ("test_cents_and_dollars_agree",),
    ),
    Law(
        "13",
        "Comparing health is a total order and agrees with exact rationals.",
        ALWAYS,
        (
            "test_comparing_health_is_a_total_order_that_agrees_with_rationals",
            "test_the_health_fraction_rounds_up",
        ),
    ),
    Law(
        "14",
        "Rounding never favours the account, and loses it at most one unit a posting.",
        "What open orders add to initial margin is a difference of two amounts that are each "
        "rounded up at fifty digits, so that alone may be less than exact in the last of them. "
        "With a money step a short's notional is cut in its favour, by the venue's own rule.",
        (
            "test_assessment_agrees_with_rationals_and_rounds_against_the_account",
            "test_adding_healths_and_the_buffer_are_exact_in_any_decimal_context",
            "test_closing_at_mark_keeps_equity_but_for_fees",
        ),
    ),
    Law(
        "15",
        "A portfolio is asked no more than its positions alone, a hedged pair less, a stacked pair "
        "not. Order, positions of zero, deposits and opening are as in laws 1, 3, 5 and 6.",
        "Portfolio mode with scenarios. That parts are never asked less than the whole: not where "
        "a charge has tiers (OKX's minimum), where each book has a dampener of its own (Deribit), "
        "where an expiry's sign decides its discount (Derive), or where offsetting between "
        "expiries is charged (Bybit); there it holds for options of one expiry.",
        (
            "test_no_portfolio_is_asked_twice_what_its_positions_are_alone",
            "test_options_of_one_expiry_are_asked_no_more_than_each_alone",
            "test_a_hedged_pair_is_asked_for_less_and_a_stacked_one_is_not",
            "test_scenarios_do_not_mind_the_order_of_positions_nor_positions_of_zero",
            "test_opening_a_portfolio_asks_no_less_than_keeping_it",
            "test_a_deposit_never_worsens_a_portfolio",
            "test_more_of_the_same_portfolio_is_asked_for_more",
        ),
    ),
    Law(
        "16",
        "The float twin is within the error it admits, and within 1 in 10⁹ of the amounts "
        "involved; where it says that nothing need be decided, nothing is liquidatable; what is no "
        "price makes unknown exactly what needs it.",
        ALWAYS,
        (
            "test_the_twin_agrees_within_the_error_it_admits",
            "test_the_twin_admits_that_it_may_be_on_the_wrong_side_of_a_jump",
            "test_a_price_that_is_none_makes_the_units_that_need_it_unknown",
            "test_a_market_refuses_what_is_no_price",
        ),
    ),
    Law(
        "23",
        "The liquidation ladder ends with nothing known liquidatable, only makes positions "
        "smaller, and moves exactly the money its receipts say.",
        "What is unknown is neither liquidated nor ended. A bucket never costs the pool anything, "
        "except where the venue closes it whole in the market, which may fetch less than its "
        "margin.",
        (
            "test_the_ladder_ends_with_nothing_known_liquidatable",
            "test_the_ladder_only_ever_makes_positions_smaller",
            "test_the_ladder_moves_exactly_the_money_its_receipts_say",
            "test_each_reduction_lands_in_the_tier_it_names",
            "test_a_bucket_never_costs_the_pool_anything",
        ),
    ),
)

BENDS = {
    "whole-position ladder": ("4", "9"),
    "growth": ("5",),
    "index": ("9",),
    "prices apart": ("5",),
    "closing fee": ("5",),
    "closing fee at bankruptcy": ("5", "7"),
    "netting": ("4",),
    "money step": ("8", "9", "10", "14"),
    "scaled collateral": ("4", "7"),
    "borrowing": ("4", "7"),
}
"""Which laws have a precondition because of what a method has; others hold whatever it has."""


def table():
    """Return the rows of the documentation's table of laws, its head first."""
    rows = ["| Law | What it says here | Precondition, and why |", "|---|---|---|"]
    return rows + [f"| {law.number} | {law.says} | {law.precondition} |" for law in LAWS]


def methods_table():
    """Return the rows of the table of rulebooks: the laws that their methods bend, and by what."""
    rows = ["| Rulebook | Laws with a precondition of its own: because of |", "|---|---|"]
    for venue in VENUES:
        found = features(load_rulebook(venue))
        bent = {}
        for feature in sorted(found & BENDS.keys()):
            for number in BENDS[feature]:
                bent.setdefault(number, []).append(feature)
        said = "; ".join(f"{law}: {', '.join(bent[law])}" for law in sorted(bent, key=int))
        rows.append(f"| {venue} | {said or ALWAYS} |")
    for venue in METHODS:
        bent_by = NOT_SUBADDITIVE.get(venue)
        rows.append(f"| {venue} portfolio | {f'15: {bent_by}' if bent_by else ALWAYS} |")
    return rows


if __name__ == "__main__":
    import sys

    sys.stdout.write("\n".join([*table(), "", *methods_table()]) + "\n")
