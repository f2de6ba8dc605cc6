"""Cases about one futures position on OKX: initial margin, and where an isolated one ends.

The method is the packaged rulebook's; contract, leverage, rates and fee are the case's own. OKX
prints maintenance margin without the fee of closing, and liquidates when equity is down to both:
so the one is asked of a rulebook without that fee, the other of one with the fee given.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.orders import initial_margin
from crossmargin.margin.pnl import notional
from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Contract
from tests.cases.accounts import NO_LADDER, TICK, is_said_short, ladder_of
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, unit_of
from tests.cases.venues import FEES, at_whole_rates, margin_key

FACES = ("contract_multiplier", "face", "face_value", "contract_face", "ct_val", "contract_val")
"""What one contract stands for is called: coins (linear) or USD (inverse)."""


@exact
def position_margin(case: Case, inputs: Inputs) -> Answer:
    """Return the initial margin of one position, just opened unless another mark is given."""
    [one] = _assessed(case, inputs, ZERO, inputs.number("leverage"), ZERO).positions
    return answers({"initial_margin": one.initial_margin, "notional": one.notional})


@exact
def ends(case: Case, inputs: Inputs) -> Answer:
    """Return what a position with its own margin is asked for, and the prices at which it ends."""
    leverage = inputs.number("leverage", None)
    margin = _margin(case, inputs, leverage)
    fee = next((inputs.number(name) for name in FEES if inputs.has(name)), ZERO)
    [bare] = _assessed(case, inputs, margin or ZERO, leverage, ZERO).positions
    [bounds] = _assessed(case, inputs, margin or ZERO, leverage, fee).boundaries.positions
    # Without a margin maintenance margin can still be asked, but no price.
    found: dict[str, object] = {"notional": bare.notional, "unrealised_pnl": bare.unrealised_pnl}
    if leverage is not None:
        found["initial_margin"] = bare.initial_margin
    if inputs.has("mmr") or inputs.has("tiers"):
        found |= dict.fromkeys(("maintenance_margin", "mmr"), bare.maintenance_margin)
        if bounds is not None and margin is not None:
            price = bounds.upper if bare.side is Side.SHORT else bounds.lower
            found["liquidation_price"] = found["liq_px"] = price
    if bounds is not None and margin is not None:
        found["bankruptcy_price"] = bounds.bankruptcy_price
    return answers(found)


def _margin(case: Case, inputs: Inputs, leverage: Decimal | None) -> Decimal | None:
    # As given, else what opening the position moved into its bucket.
    key = margin_key(inputs)
    if key is not None:
        margin: Decimal = inputs.at(key) + inputs.number("extra_margin", ZERO)
        return margin
    if inputs.has("wallet_balance"):
        return Decimal(inputs.number("wallet_balance"))
    if leverage is None:
        return None
    instrument, size, entry, _ = _contract_of(case, inputs)
    return initial_margin(notional(size, entry, instrument), leverage)


def _assessed(
    case: Case, inputs: Inputs, margin: Decimal, leverage: Decimal | None, fee: Decimal
) -> Assessment:
    instrument, size, entry, mark = _contract_of(case, inputs)
    word = inputs.word("margin_mode", case.mode)
    is_isolated = word.startswith("isolated")
    mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
    position = Position(instrument.symbol, size, entry, mode, margin if is_isolated else ZERO)
    account = Account(
        {instrument.settle: margin},
        (position,),
        leverage={} if leverage is None else {instrument.symbol: leverage},
    )
    tiers = ladder_of(inputs)
    # A tier's rate is the whole position's.
    ladder = NO_LADDER if tiers is None else at_whole_rates(tiers)
    rulebook = load_rulebook("okx")
    rulebook = replace(
        rulebook,
        contracts={instrument.symbol: Contract(instrument, ladder)},
        margin=replace(rulebook.margin, closing_fee_rate=fee),
    )
    return assess(account, Market({instrument.symbol: mark}), rulebook)


def _contract_of(case: Case, inputs: Inputs) -> tuple[Instrument, Decimal, Decimal, Decimal]:
    # The contract, its signed size, entry and mark price.
    price = inputs.number("price", None)
    entry = inputs.number("entry_price", price)
    mark = inputs.number("mark_price", price)
    if entry is None and mark is None:
        raise UnknownShape(f"no price among {', '.join(sorted(inputs.values))}")
    entry, mark = entry or mark, mark or entry
    face = next((inputs.number(name) for name in FACES if inputs.has(name)), ONE)
    inputs.value("symbol", None)
    if _is_inverse(case, inputs):
        instrument = Instrument("X-USD-SWAP", Kind.INVERSE_PERPETUAL, "X", "X", face, TICK)
        size = _size_in_usd(inputs, price or entry)
    else:
        instrument = Instrument("X-USDT-SWAP", Kind.LINEAR_PERPETUAL, "USDT", "X", face, TICK)
        size = inputs.number("quantity")
    is_sold = is_said_short(case, inputs) or size < 0
    return instrument, -abs(size) if is_sold else abs(size), entry, mark


def _size_in_usd(inputs: Inputs, price: Decimal) -> Decimal:
    # Inverse contracts are counted in USD, or in contracts of so many; coins are worth USD at the
    # price the position was opened at. A number of coins beside the USD is a remark.
    found = inputs.key("quantity")
    if inputs.has("notional"):
        inputs.value("quantity", None)
        return Decimal(inputs.number("notional"))
    size: Decimal = inputs.number("quantity")
    is_counted = found is not None and found[1].lower().endswith(("contracts", "usd"))
    if is_counted or any(inputs.has(name) for name in FACES):
        return size
    coins = Instrument("X", Kind.LINEAR_PERPETUAL, "USD", "X", ONE)
    return notional(size, price, coins).copy_sign(size)


def _is_inverse(case: Case, inputs: Inputs) -> bool:
    payoff = inputs.word("payoff")
    if payoff not in ("", "linear", "inverse"):
        raise UnknownShape(f"payoff is {payoff!r}")
    if payoff:
        return payoff == "inverse"
    said = f"{case.topic} {case.mode}".lower()
    named = [name for name in (*FACES, "notional") if inputs.has(name)]
    units = [unit_of(found[1]) for name in named if (found := inputs.key(name)) is not None]
    margin = margin_key(inputs)
    units += [unit_of(margin)] if margin else []
    is_linear = "usdt" in said or "usdc" in said or "linear" in said
    is_said = "coin-margined" in said or "inverse" in said
    return not is_linear and (is_said or "usd" in units)


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "initial margin, coin-margined": position_margin,
    "initial margin, USDT-margined": position_margin,
    "liquidation price": ends,
    "liquidation price (inverse)": ends,
    "maintenance margin": ends,
    "maintenance margin (inverse)": ends,
}
