"""Cases of Deribit's standard margin: rates that grow with the size of the whole position."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from crossmargin.margin.assess import assess
from crossmargin.margin.pnl import notional
from crossmargin.margin.requirement import Exposure, initial_margin, maintenance_margin
from crossmargin.model.account import Account, Position
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Contract
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, unit_of
from tests.toys import LEVERAGE_MAX

RULEBOOK = load_rulebook("deribit")


def standard(*, is_initial: bool) -> Callable[[Case, Inputs], Answer]:
    """Return the adapter for initial, or for maintenance margin."""

    @exact
    def adapt(case: Case, inputs: Inputs) -> Answer:
        index = inputs.number("index", None)
        for name in ("mark_price", "price"):
            index = inputs.number(name, None) if index is None else index
            inputs.value(name, None)
        is_inverse = "inverse" in f"{case.topic} {case.mode}".lower()
        coins = _size(inputs, index)
        base, growth = inputs.number("base_rate"), inputs.number("rate_increment_pct_per")
        tier = Tier(ZERO, base, ZERO, LEVERAGE_MAX, base, growth)
        # What one coin's worth of so large a position asks for is the rate.
        rate = _requirement(Exposure(ONE, abs(coins), ONE), tier, is_initial=is_initial)
        whole = _requirement(
            Exposure(abs(coins), abs(coins), abs(coins)), tier, is_initial=is_initial
        )
        in_money: Decimal | None = whole
        if index is not None and not is_inverse:
            in_money = _assessed(coins, index, tier, is_initial=is_initial)
        return answers({"rate": rate, "margin_base": whole, "margin": in_money})

    return adapt


def _requirement(exposure: Exposure, tier: Tier, *, is_initial: bool) -> Decimal:
    if is_initial:
        return initial_margin(exposure, tier, RULEBOOK.margin, RULEBOOK.leverage_default)
    return maintenance_margin(exposure, tier, RULEBOOK.margin)


def _assessed(coins: Decimal, index: Decimal, tier: Tier, *, is_initial: bool) -> Decimal | None:
    instrument = Instrument("X_USDC-PERPETUAL", Kind.LINEAR_PERPETUAL, "USDC", "X", ONE)
    rulebook = RULEBOOK.with_contracts({instrument.symbol: Contract(instrument, Tiers.of((tier,)))})
    account = Account({"USDC": ZERO}, (Position(instrument.symbol, coins, index),))
    one = assess(account, Market({instrument.symbol: index}, {"X": index}), rulebook).positions[0]
    return one.initial_margin if is_initial else one.maintenance_margin


def _size(inputs: Inputs, index: Decimal | None) -> Decimal:
    # Inverse positions may be counted in USD, and the rate grows with what that is in coins. The
    # base asset need not be one whose name the reader knows: position_paxg.
    keys = [
        key
        for _, key in inputs.matching(r"(?:position|size|contracts|quantity|amount)(?:_[a-z0-9]+)?")
    ]
    if len(keys) != 1:
        raise UnknownShape(f"no position among {', '.join(sorted(inputs.values))}")
    size = inputs.at(keys[0])
    if unit_of(keys[0]) != "usd":
        return size
    if index is None:
        raise UnknownShape(f"no index_price among {', '.join(sorted(inputs.values))}")
    contract = Instrument("X-PERPETUAL", Kind.INVERSE_PERPETUAL, "X", "X", ONE)
    return notional(size, index, contract)


INITIAL, MAINTENANCE = standard(is_initial=True), standard(is_initial=False)
TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "initial margin of a linear perpetual": INITIAL,
    "initial margin of an inverse perpetual": INITIAL,
    "maintenance margin of a linear perpetual": MAINTENANCE,
    "maintenance margin of an inverse perpetual": MAINTENANCE,
}
