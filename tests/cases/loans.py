"""Cases about borrowed money: spot margin, borrowing power, and returns shown for a position."""

from collections.abc import Mapping
from decimal import Decimal

from crossmargin.margin.collateral import unheld
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.margin.pooled.borrowing import (
    automatic_borrow,
    borrow_limit_price,
    borrowable,
    unborrowed_ratio,
)
from crossmargin.margin.returns import return_on_equity
from crossmargin.margin.spot_margin import (
    Isolated,
    SpotShort,
    isolated_figures,
    margin_level,
    opened_long,
    short_of_value,
)
from crossmargin.money import ZERO, exact
from tests.cases.accounts import instrument_of, is_short
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape, bare, unit_of

IN_QUOTE = ("usd", "usdt", "usdc")


def answers(found: Mapping[str, object]) -> Answer:
    """Return the answers under these names and no others."""

    def answer(key: str) -> object:
        if key not in found:
            raise Unanswered(key)
        return found[key]

    return answer


@exact
def isolated_spot(case: Case, inputs: Inputs) -> Answer:
    """Return the figures of an isolated spot margin position at a mark."""
    inputs.value("leverage", None)
    position = Isolated(
        inputs.number("position_asset"),
        inputs.number("margin"),
        inputs.number("liability"),
        inputs.number("interest", ZERO),
        is_long="short" not in case.mode and not is_short(inputs),
    )
    figures = isolated_figures(
        position,
        inputs.number("mark_price"),
        inputs.number("mmr"),
        inputs.number("taker_fee_rate"),
    )
    return answers(
        {
            "mmr": figures.maintenance_margin,
            "maintenance_margin": figures.maintenance_margin,
            "fee": figures.liquidation_fee,
            "liquidation_fee": figures.liquidation_fee,
            "margin_ratio": figures.margin_ratio_equity_over_maintenance,
            "liquidation_price": figures.liquidation_price,
            "upl": figures.unrealised_pnl,
            "unrealised_pnl": figures.unrealised_pnl,
            "upl_ratio": figures.unrealised_pnl_fraction,
        }
    )


@exact
def isolated_spot_opened(case: Case, inputs: Inputs) -> Answer:
    """Return what opening an isolated long on spot borrows and holds."""
    if "short" in case.mode or is_short(inputs):
        raise UnknownShape("how a short is opened is not published")
    opened = opened_long(
        inputs.number("quantity"), inputs.number("fill_price"), inputs.number("leverage")
    )
    return answers(
        {"margin": opened.margin, "borrowed": opened.borrowed, "position_asset": opened.held}
    )


@exact
def spot_short_level(case: Case, inputs: Inputs) -> Answer:
    """Return a spot position's used margin and margin level; a short's at a later price too.

    When it is opened a long uses as much margin as a short; what becomes of a long is not known.
    """
    is_long = inputs.has("long_value") or case.topic.startswith("margin level of a long")
    if is_long and inputs.has("later_price"):
        raise UnknownShape("the margin level of a long is known when it is opened, not later")
    price, leverage = inputs.number("price"), inputs.number("leverage")
    if inputs.has("quantity"):
        short = SpotShort(abs(inputs.number("quantity")), price, leverage)
    else:
        value = inputs.number("long_value" if is_long else "short_value")
        short = short_of_value(value, price, leverage)
    equity = inputs.number("equity")
    levels = {"": margin_level(short, equity)}
    if inputs.has("later_price"):
        levels["_later"] = margin_level(short, equity, inputs.number("later_price"))
    found: dict[tuple[str, bool], object] = {("size", False): short.size}
    for when, level in levels.items():
        found |= {
            (f"margin{when}", False): level.used_margin_coin,
            (f"margin{when}", True): level.used_margin,
            (f"level{when}", False): level.level_fraction,
            (f"equity{when}", True): level.equity,
            ("loss", True): level.unrealised_loss,
        }
    # The margin is asked for in the coin and in USD, so here the unit belongs to the name.
    units, inputs.units = inputs.units, frozenset()

    def answer(key: str) -> object:
        name = bare(key, units), unit_of(key) in IN_QUOTE
        if name not in found:
            raise Unanswered(key)
        return found[name]

    return answer


@exact
def borrowing_power(_case: Case, inputs: Inputs) -> Answer:
    """Return what a token lets an account borrow."""
    power = borrowable(
        inputs.number("token_balance"), inputs.number("oracle_price"), inputs.number("ltv")
    )
    return answers({"borrowable": power})


def _cash(inputs: Inputs) -> Decimal:
    names = ("cash", "cash_balance", "usdc_balance")
    return sum((inputs.number(name, ZERO) for name in names), ZERO)


@exact
def carry(case: Case, inputs: Inputs) -> Answer:
    """Return what a cash-and-carry has borrowed, and the price at which that is too much."""
    # Whatever the coin, its name is the unit of what is held and sold.
    inputs.units |= {match[1] for match, _ in inputs.matching(r"(?:spot|perp)_(\w+)", is_raw=True)}
    spot, short = inputs.number("spot"), inputs.number("perp")
    entry, ltv = inputs.number("entry_price"), inputs.number("ltv")
    found: dict[str, object] = {"price": borrow_limit_price(spot, short, entry, ltv)}
    if inputs.has("price"):
        price = inputs.number("price")
        pnl = unrealised_pnl(short, entry, price, instrument_of(case, inputs))
        found["borrowed"] = automatic_borrow(_cash(inputs), pnl)
        found["borrowable"] = borrowable(spot, price, ltv)
    return answers(found)


@exact
def ratio_without_borrowing(_case: Case, inputs: Inputs) -> Answer:
    """Return the portfolio margin ratio that the venue shows where nothing is borrowed."""
    ratio = unborrowed_ratio(
        inputs.number(_one(inputs, r"\w+_balance_incl_pnl")),
        inputs.number(_one(inputs, r"\w+_available_after_maintenance")),
    )
    return answers({"portfolio_margin_ratio": ratio})


@exact
def spot_available(_case: Case, inputs: Inputs) -> Answer:
    """Return what of a spot amount no order holds."""
    free = unheld(
        inputs.number(_one(inputs, r"\w+_total")), inputs.number(_one(inputs, r"\w+_hold"))
    )
    return answers({"available": free})


@exact
def equity_return(_case: Case, inputs: Inputs) -> Answer:
    """Return the return on equity of a position."""
    value = abs(inputs.number("notional"))
    earned = return_on_equity(
        inputs.number("unrealised_pnl"),
        value.copy_negate() if is_short(inputs) else value,
        inputs.number("leverage"),
    )
    return answers({"return_on_equity": earned})


def _one(inputs: Inputs, pattern: str) -> str:
    found = [key for _, key in inputs.matching(pattern)]
    if len(found) != 1:
        raise UnknownShape(f"{len(found)} keys like {pattern}")
    return found[0]
