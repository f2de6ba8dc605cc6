"""Option positions within an account, at given marks.

A long option is paid for and asks for nothing; its worth is no collateral in these methods. A
short one's requirement contains what it is worth, so neither counts as profit. The formulas are in
`margin.options`; here the market is asked for what they need: the option's own mark, the index of
the underlying, and the forward price of the expiry.

Where the venue is content with the worst payoff of an expiry's options together (Derive), the
pool is charged less than their sum (`expiry_relief`).
"""

from collections.abc import Iterable
from decimal import Decimal

from crossmargin.errors import InvariantBroken
from crossmargin.margin.assessment import PositionAssessment
from crossmargin.margin.option_terms import forward_of, terms_of
from crossmargin.margin.options import OptionQuote, option_margin, out_of_the_money
from crossmargin.margin.pnl import notional_and_pnl
from crossmargin.margin.standard_manager import OptionLeg, worst_payoff
from crossmargin.margin.tally import Tally
from crossmargin.model.account import MarginMode, Position
from crossmargin.model.instrument import Kind
from crossmargin.model.market import Market
from crossmargin.model.option import Right
from crossmargin.money import ONE, ZERO
from crossmargin.rulebooks.margin_rule import OptionMethod
from crossmargin.rulebooks.schema import Contract, Rulebook


def assess_option(
    position: Position,
    mark: Decimal,
    contract: Contract,
    market: Market,
    remarks: dict[str, None],
) -> PositionAssessment:
    """Return one option position judged alone; `mark` is the option's own, in its settle asset.

    Raises
    ------
    InvariantBroken
        If the contract is no option.
    """
    instrument, size = contract.instrument, position.size
    if contract.option is None:
        raise InvariantBroken(f"{instrument.symbol} is margined as an option and is none")
    terms = terms_of(instrument)
    value, pnl = notional_and_pnl(size, position.entry_price, mark, instrument)
    if market.at_ms is not None and market.at_ms >= terms.expires_ms:
        missing = f"settlement of {instrument.symbol}, which has expired"
        return PositionAssessment(position, mark, value, pnl, missing=missing)
    if size >= 0:
        return PositionAssessment(position, mark, value, pnl, ZERO, ZERO, is_collateral=False)
    index = market.index.get(instrument.base)
    if index is None:
        missing = f"index price of {instrument.base}"
        return PositionAssessment(position, mark, value, pnl, missing=missing)
    forward = forward_of(instrument, index, market)
    if terms.forward_symbol not in market.marks:
        remarks[
            f"No future of the expiry of {instrument.symbol} is given: its moneyness is measured "
            f"against the index of {instrument.base}."
        ] = None
    quote = OptionQuote(
        out_of_the_money(terms.right, terms.strike, forward),
        forward,
        mark,
        ONE if instrument.kind is Kind.INVERSE_OPTION else index,
        position.entry_price,
    )
    units = size * instrument.multiplier
    asked = option_margin(contract.option.rule, units, terms.right, quote)
    return PositionAssessment(
        position,
        mark,
        value,
        pnl,
        asked.initial_margin,
        asked.maintenance_margin,
        is_collateral=False,
    )


def net_expiries(
    tallies: dict[str, Tally],
    positions: Iterable[PositionAssessment],
    market: Market,
    rulebook: Rulebook,
) -> None:
    """Take out of every pool what an expiry's options are asked for above their worst payoff."""
    groups: dict[tuple[str, str, int], list[PositionAssessment]] = {}
    for assessed in positions:
        contract = rulebook.contracts[assessed.symbol]
        if contract.option is None or not contract.option.is_worst_payoff_enough:
            continue
        if assessed.mode is MarginMode.CROSS and assessed.size:
            instrument = contract.instrument
            terms = terms_of(instrument)
            groups.setdefault((instrument.settle, instrument.base, terms.expires_ms), []).append(
                assessed
            )
    for (settle, base, _), members in groups.items():
        index = market.index.get(base)
        if index is None or any(one.maintenance_margin is None for one in members):
            continue  # Unknown anyway: the pool's tally says what is missing.
        contract = rulebook.contracts[members[0].symbol]
        forward = forward_of(contract.instrument, index, market)
        initial, maintenance = expiry_relief(members, forward, rulebook)
        tallies[settle].initial -= initial
        tallies[settle].maintenance -= maintenance


def expiry_relief(
    members: list[PositionAssessment], forward: Decimal, rulebook: Rulebook
) -> tuple[Decimal, Decimal]:
    """Return by how much one expiry's options are asked for less than their sum; initial first.

    Source: derivexyz/v2-core, `StandardManager.sol`: the better of the short legs alone and the
    worst payoff with what is asked for unpaired calls.
    """
    legs, method = [], None
    for one in members:
        contract = rulebook.contracts[one.symbol]
        method = contract.option
        terms = terms_of(contract.instrument)
        units = one.size * contract.instrument.multiplier
        legs.append(OptionLeg(terms.right, terms.strike, units, ZERO))
    alone_initial = sum((one.initial_margin or ZERO for one in members), ZERO)
    alone_maintenance = sum((one.maintenance_margin or ZERO for one in members), ZERO)
    worst = -worst_payoff(tuple(legs))
    calls = sum((leg.size for leg in legs if leg.right is Right.CALL), ZERO)
    unpaired = max(-calls, ZERO) * forward
    at_most_initial = worst + _unpaired(method, is_initial=True) * unpaired
    at_most_maintenance = worst + _unpaired(method, is_initial=False) * unpaired
    return (
        max(alone_initial - at_most_initial, ZERO),
        max(alone_maintenance - at_most_maintenance, ZERO),
    )


def _unpaired(method: OptionMethod | None, *, is_initial: bool) -> Decimal:
    if method is None:
        return ZERO
    return method.unpaired_initial if is_initial else method.unpaired_maintenance
