"""Tickets as other programs read them: the account before and after intended trades.

Rounding is that of answers: against the account, to 8 places.
"""

from decimal import Decimal

from crossmargin.files.answer import answer, asked, held
from crossmargin.files.json_value import Json
from crossmargin.money import exact, plain
from crossmargin.risk.plan.intent import Filled
from crossmargin.risk.plan.standing import Standing
from crossmargin.risk.plan.ticket import Exits, Ticket


@exact
def ticket_answer(ticket: Ticket) -> dict[str, Json]:
    """Return the account before and after, and each trade with what its exits come to."""
    before, after = ticket.leverage
    return {
        "trades": [
            _trade(fill, exits) for fill, exits in zip(ticket.fills, ticket.exits, strict=True)
        ],
        "money": [
            {"asset": pair[0].asset, "before": _standing(pair[0]), "after": _standing(pair[1])}
            for pair in ticket.money
        ],
        "leverage_effective": {"before": text_of(before), "after": text_of(after)},
        "before": answer(ticket.before),
        "after": answer(ticket.after),
    }


def text_of(value: Decimal | None) -> str | None:
    """Return a number as digits; None for what is unknown, means nothing or has no end."""
    return None if value is None or not value.is_finite() else plain(value)


def _trade(fill: Filled, exits: Exits) -> Json:
    intent = fill.intent
    return {
        "symbol": intent.symbol,
        "size": plain(intent.size),
        "price": plain(fill.price),
        "fee": asked(fill.fee),
        "stop": text_of(intent.stop),
        "take": text_of(intent.take),
        "risk": asked(exits.risk),
        "risk_fraction": text_of(exits.risk_fraction),
        "reward": held(exits.reward),
        "reward_to_risk": text_of(exits.reward_to_risk),
        "liquidation_price": text_of(exits.liquidation_price),
        "part_survived": text_of(exits.multiple),
        "is_stop_beyond_liquidation": exits.is_stop_beyond,
        "unknown": exits.unknown,
    }


def _standing(one: Standing) -> Json:
    return {
        "equity": held(one.equity),
        "initial_margin": asked(one.initial_margin),
        "free_margin": held(one.free_margin),
        "margin_use": text_of(one.margin_use),
        "weakest": one.weakest.name,
        "buffer": held(one.buffer),
        "health": text_of(one.health),
    }
