"""Cases about Derive v2: the standard manager's margin, and what an auction's bids come to."""

from crossmargin.margin.standard_manager import (
    Expiry,
    Holding,
    OptionLeg,
    Perpetual,
    StandardManagerRule,
    standard_margin,
)
from crossmargin.model.option import OptionRule, Right, RightRule
from crossmargin.money import ONE, ZERO
from crossmargin.venue.auction import (
    AuctionedAccount,
    AuctionRule,
    insolvent_cash_required,
    insolvent_payout,
    solvent_bid,
)
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape

RIGHTS = {"call": Right.CALL, "c": Right.CALL, "put": Right.PUT, "p": Right.PUT}


def answers(found: dict[str, object]) -> Answer:
    """Return the answer that reads `found`."""

    def answer(key: str) -> object:
        if key not in found:
            raise Unanswered(key)
        return found[key]

    return answer


def right_of(word: str) -> Right:
    """Return the right that `word` spells."""
    if word not in RIGHTS:
        raise UnknownShape(f"{word!r} is neither call nor put")
    return RIGHTS[word]


def standard_manager(_case: Case, inputs: Inputs) -> Answer:
    """Return the balances of a portfolio under the standard manager."""
    margin = standard_margin(
        inputs.number("cash"),
        inputs.number("stable_price"),
        tuple(_holding(row) for row in inputs.rows("markets")),
        _rule(inputs.child(inputs.value("params"))),
    )
    return answers(
        {
            "initial_margin_balance": margin.initial_margin_balance,
            "maintenance_margin_balance": margin.maintenance_margin_balance,
            "mark_to_market": margin.mark_to_market,
        }
    )


def _rule(params: Inputs) -> StandardManagerRule:
    option = OptionRule(
        initial_fraction=params.number("max_spot"),
        initial_floor_fraction=params.number("min_spot"),
        call=RightRule(params.number("mm_call")),
        put=RightRule(
            params.number("mm_put"), params.number("mm_put_mtm"), params.number("mm_offset")
        ),
    )
    return StandardManagerRule(
        perpetual_initial=params.number("perp_im"),
        perpetual_maintenance=params.number("perp_mm"),
        option=option,
        unpaired_initial=params.number("unp_im"),
        unpaired_maintenance=params.number("unp_mm"),
        collateral=params.number("base_factor"),
        collateral_initial_scale=params.number("base_imscale"),
        perpetual_threshold=params.number("perp_thr"),
        option_threshold=params.number("opt_thr"),
        collateral_threshold=params.number("base_thr"),
        confidence_factor=params.number("oc_factor"),
        depeg_threshold=params.number("depeg_threshold"),
        depeg_factor=params.number("depeg_factor"),
    )


def _holding(row: Inputs) -> Holding:
    row.value("underlying", None, is_own=True)
    perpetual = Perpetual(
        size=row.number("perp_size", ZERO, is_own=True),
        mark_price=row.number("perp_price", ZERO, is_own=True),
        unrealised_pnl=row.number("perp_unrealised_pnl_plus_funding", ZERO, is_own=True),
        confidence=row.number("perp_confidence", ONE, is_own=True),
    )
    if perpetual.size and not perpetual.mark_price:
        raise UnknownShape(f"no perp_price among {', '.join(sorted(row.values))}")
    expiries = row.rows("expiries") if row.has("expiries", is_own=True) else []
    return Holding(
        spot_price=row.number("spot", is_own=True),
        spot_confidence=row.number("spot_confidence", ONE, is_own=True),
        perpetual=perpetual,
        collateral=row.number("base_collateral_amount", ZERO, is_own=True),
        expiries=tuple(map(_expiry, expiries)),
    )


def _expiry(row: Inputs) -> Expiry:
    return Expiry(
        seconds=row.number("seconds", is_own=True),
        forward_price=row.number("forward", is_own=True),
        legs=tuple(map(_leg, row.rows("options"))),
        forward_confidence=row.number("forward_confidence", ONE, is_own=True),
        volatility_confidence=row.number("min_vol_confidence", ONE, is_own=True),
    )


def _leg(row: Inputs) -> OptionLeg:
    return OptionLeg(
        right=right_of(row.word("type", is_own=True)),
        strike=row.number("strike", is_own=True),
        size=row.number("amount", is_own=True),
        volatility=row.number("vol", is_own=True),
    )


def _account(inputs: Inputs) -> AuctionedAccount:
    return AuctionedAccount(
        inputs.number("maintenance_margin_balance"),
        inputs.number("mark_to_market"),
        inputs.number("reserved_cash_from_earlier_bids", ZERO),
    )


def solvent(_case: Case, inputs: Inputs) -> Answer:
    """Return what a bid in a solvent auction comes to."""
    terms = inputs.child(inputs.value("auction"))
    rule = AuctionRule(
        start_fraction=terms.number("start_discount"),
        fast_fraction=terms.number("fast_cutoff"),
        fast_seconds=terms.number("fast_seconds"),
        slow_seconds=terms.number("slow_seconds"),
        buffer_fraction=inputs.number("buffer_margin_fraction"),
    )
    bid = solvent_bid(
        _account(inputs),
        rule,
        inputs.number("seconds_since_start"),
        inputs.number("requested_fraction_of_current_account", ONE),
    )
    return answers(
        {
            "buffer_margin_balance": bid.buffer_margin_balance,
            "price_fraction": bid.price_fraction,
            "bid_price_whole_account": bid.whole_price,
            "max_fraction": bid.fraction_max,
            "fraction_taken": bid.fraction,
            "cash_from_bidder": bid.cash_from_bidder,
            "cash_required": bid.cash_required,
        }
    )


def insolvent(_case: Case, inputs: Inputs) -> Answer:
    """Return what a taker of part of an insolvent account is paid."""
    account = _account(inputs)
    fraction = inputs.number("fraction_taken", ONE)
    length, seconds = (
        inputs.number(name) for name in ("insolvent_auction_seconds", "seconds_since_start")
    )
    payout = insolvent_payout(account, length, seconds, fraction)
    return answers(
        {
            "cash_to_bidder": payout,
            "cash_required": insolvent_cash_required(account, fraction, payout),
        }
    )


TOPICS = {
    "standard manager margin: options, perps, base collateral": standard_manager,
    "solvent Dutch auction bid": solvent,
    "insolvent auction payout": insolvent,
}
