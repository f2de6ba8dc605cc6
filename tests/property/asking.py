"""What one contract is asked for, for the oracle: rationals, and nothing of the package.

The terms of a leg or an order: symbol, is_inverse, quantity, size, contract_size; tiers, a list of
{floor, rate, initial, deduction}, with is_whole, is_by_size, is_floor_included and growth (of both
rates, per coin); leverage (None: the ladder alone says) and leverage_most; ratio (index ÷ mark);
interest (open quantity of the whole market, or None) with caps; rule: initial, multiple,
initial_price_cross, initial_price_isolated, maintenance_price, fee_at, fee, netting, step.
"""

from fractions import Fraction

ZERO = Fraction(0)
ONE = Fraction(1)


def value(leg, price):
    """Return the notional of a leg, or of an order, at a price."""
    quantity = abs(leg["quantity"])
    return quantity / price if leg["is_inverse"] else quantity * price


def profit(leg, bought, price):
    """Return what a leg that was entered at `bought` has made at `price`."""
    if leg["is_inverse"]:
        return leg["quantity"] / bought - leg["quantity"] / price
    return leg["quantity"] * price - leg["quantity"] * bought


def floored(amount, step):
    """Return the amount cut to whole steps; `raised` the same upwards."""
    return amount // step * step


def raised(amount, step):
    """Return the smallest number of whole steps that is not below the amount."""
    return -(-amount // step) * step


def at_price(basis, leg, mark):
    """Return the price that requirements are asked at."""
    if basis == "entry":
        return leg["entry"]
    return mark * leg["ratio"] if basis == "index" else mark


def _coins(leg, notional):
    return notional if leg["is_inverse"] else abs(leg["quantity"])


def _tier(leg, notional):
    measure = abs(leg["size"]) if leg["is_by_size"] else notional
    found = leg["tiers"][0]
    for tier in leg["tiers"][1:]:
        if measure > tier["floor"] or (measure == tier["floor"] and leg["is_floor_included"]):
            found = tier
    return found


def staying(leg, notional):
    """Return the maintenance margin, without what is reserved for closing."""
    rule, tier = leg["rule"], _tier(leg, notional)
    if rule["step"] and tier["has_initial"]:
        base = raised(floored(notional, rule["step"]) * tier["initial"], rule["step"])
        return raised(base * tier["rate"] / tier["initial"], rule["step"])
    # A ladder by size counts sizes, at what one unit of it is worth.
    measure, worth = notional, ONE
    if leg["is_by_size"]:
        measure = abs(leg["size"])
        worth = notional / measure if measure else ZERO
    if leg["is_whole"]:
        total = (measure * tier["rate"] - tier["deduction"]) * worth
    else:
        total = _marginal(leg["tiers"], measure) * worth
    fee = rule["fee"] if rule["fee_at"] == "mark" else ZERO
    return total + notional * (leg["growth"] * _coins(leg, notional) + fee)


def _marginal(tiers, measure):
    # Each slice is charged its own rate.
    ends = [tier["floor"] for tier in tiers[1:]] + [measure]
    parts = zip(tiers, ends, strict=True)
    return sum(
        (max(ZERO, min(measure, end) - tier["floor"]) * tier["rate"] for tier, end in parts), ZERO
    )


def opening(leg, notional, mark, *, in_tier_of):
    """Return the initial margin of a notional, in the tier that another notional is in."""
    rule, tier = leg["rule"], _tier(leg, in_tier_of)
    if rule["initial"] == "multiple":
        return rule["multiple"] * staying(leg, notional)
    whole = floored(notional, rule["step"]) if rule["step"] else notional
    asked = ZERO if leg["leverage"] is None else whole / leg["leverage"]
    if rule["initial"] == "ladder" or leg["leverage"] is None:
        rate = _crowded(leg, tier["initial"], mark)
        asked = max(asked, whole * (rate + leg["growth"] * _coins(leg, notional)))
    return raised(asked, rule["step"]) if rule["step"] else asked


def _crowded(leg, rate, mark):
    # What the open interest of the whole market makes of the initial rate: in between the caps a
    # straight line, cut to whole parts per million.
    if leg["interest"] is None:
        return rate
    lower, upper = leg["caps"]
    open_value = leg["interest"] / mark if leg["is_inverse"] else leg["interest"] * mark
    if not upper or open_value <= lower:
        return rate
    if open_value >= upper:
        return ONE
    line = rate + (1 - rate) * (open_value - lower) / (upper - lower)
    return max(rate, floored(line, Fraction(1, 10**6)))


def reserve(leg):
    """Return the fee of closing where the position's own margin is used up, if that is asked."""
    rule = leg["rule"]
    if rule["fee_at"] != "bankruptcy":
        return ZERO
    opened = value(leg, leg["entry"])
    loses_by_falling = (leg["quantity"] > 0) != leg["is_inverse"]
    if leg["bucket"] is None:
        share = 1 / leg["leverage_most"]
        end = opened * (1 - share if loses_by_falling else 1 + share)
    elif loses_by_falling:
        # margin + end − opened = fee × end
        end = (opened - leg["margin"]) / (1 - rule["fee"])
    else:
        # margin + opened − end = fee × end
        end = (opened + leg["margin"]) / (1 + rule["fee"])
    return max(ZERO, rule["fee"] * end)
