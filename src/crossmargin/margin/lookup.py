"""Finding what belongs to a symbol or an asset, and saying what was taken where nothing is said."""

from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.margin.collateral import Rates, rates
from crossmargin.model.account import (
    Account,
    AccountMode,
    AssetsMode,
    MarginMode,
    Position,
    PositionMode,
)
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact, plain
from crossmargin.rulebooks.margin_rule import Netting
from crossmargin.rulebooks.schema import Contract, Rulebook

POOL_USD = "USD"
"""The name of the one pool of multi-assets mode, and the asset it is counted in."""


def contract_of(symbol: str, rulebook: Rulebook) -> Contract:
    """Return the rulebook's contract for `symbol`.

    Raises
    ------
    UsageError
        If the rulebook has none.
    """
    contract = rulebook.contracts.get(symbol)
    if contract is None:
        raise UsageError(f"{symbol} is not a symbol of {rulebook.venue} {rulebook.edition}")
    return contract


@exact
def cross_wallets(account: Account, rulebook: Rulebook) -> dict[str, Decimal]:
    """Return each asset's balance less the margins of the buckets that settle in it; exact."""
    wallets = dict(account.balances)
    for position in account.positions:
        if position.mode is MarginMode.ISOLATED:
            settle = contract_of(position.symbol, rulebook).instrument.settle
            wallets[settle] = wallets.get(settle, ZERO) - position.margin
    return wallets


def bucket_name(position: Position, mode: PositionMode) -> str:
    """Return what an isolated position's bucket is called: its symbol, in hedge mode its side."""
    if mode is PositionMode.HEDGE:
        return f"{position.symbol} {position.side}"
    return position.symbol


def leverage_setting(
    symbol: str, account: Account, rulebook: Rulebook, remarks: dict[str, None] | None = None
) -> Decimal | None:
    """Return the leverage set for `symbol`, else what the venue starts with, noted in `remarks`.

    That is its default, or the most the symbol's first tier allows, if that is less; None at
    venues where nothing is set and the ladder alone says what is asked.
    """
    leverage = account.leverage.get(symbol)
    if not rulebook.is_leverage_settable:
        if leverage is not None and remarks is not None:
            remarks[f"Leverage is not set at {rulebook.venue}: that of {symbol} is ignored."] = None
        return None
    if leverage is not None:
        return leverage
    default = rulebook.leverage_default
    if default is None:
        return None
    contract = rulebook.contracts.get(symbol)
    if contract is not None and contract.tiers is not None:
        default = min(default, contract.tiers.pieces[0].leverage_max)
    if remarks is not None:
        remarks[
            f"The leverage of {symbol} is not given: the {plain(default)} that {rulebook.venue} "
            "starts with is used."
        ] = None
    return default


def leverage_of(
    symbol: str, account: Account, rulebook: Rulebook, remarks: dict[str, None] | None = None
) -> Decimal:
    """Return `leverage_setting`, and where there is none the most that the first tier allows.

    One where no ladder is known either: initial margin is then the whole notional.
    """
    setting = leverage_setting(symbol, account, rulebook, remarks)
    if setting is not None:
        return setting
    contract = rulebook.contracts.get(symbol)
    if contract is None or contract.tiers is None:
        return ONE
    return contract.tiers.pieces[0].leverage_max


def index_of(contract: Contract, mark: Decimal, market: Market) -> Decimal:
    """Return the index price of the contract's base asset; the mark where none is given."""
    return market.index.get(contract.instrument.base, mark)


def offset_group(position: Position, rulebook: Rulebook) -> tuple[str, str] | None:
    """Return the group within which the position's side is netted; None if it is not."""
    netting = rulebook.margin.netting
    if netting is Netting.NONE or position.mode is MarginMode.ISOLATED or not position.size:
        return None
    instrument = rulebook.contracts[position.symbol].instrument
    if netting is Netting.LARGER_SIDE:
        return None if instrument.kind.is_inverse else (instrument.settle, instrument.base)
    return instrument.settle, position.symbol


def section_notes(account: Account, rulebook: Rulebook) -> tuple[str, ...]:
    """Return what is assumed in the sections of the rulebook that an assessment rests on."""
    notes = rulebook.notes
    said = []
    if rulebook.is_single_isolated and account.assets_mode is AssetsMode.SINGLE:
        has_cross = any(p.mode is MarginMode.CROSS for p in account.positions)
        if has_cross:
            said.append(
                f"Single-asset accounts of {rulebook.venue} are isolated; cross positions in one "
                "are judged as in its older classic accounts."
            )
    names = ["tiers", "margin", "contracts"]
    if account.mode is AccountMode.PORTFOLIO:
        # No ladder and no margin of options alone: what is asked follows from scenarios.
        return tuple(notes[name] for name in ("contracts", "portfolio") if name in notes)
    if account.orders:
        names.append("orders")
    if rulebook.options and any(
        rulebook.contracts[p.symbol].option is not None for p in account.positions
    ):
        names.append("options")
    return (*(notes[name] for name in names if name in notes), *said)


def collateral_rates(asset: str, market: Market, rulebook: Rulebook) -> Rates | str:
    """Return the rates of a collateral asset, or the name of what is missing for them."""
    collateral = rulebook.collateral.get(asset)
    if collateral is None:
        return f"collateral buffers of {asset}"
    index_price = market.index.get(asset)
    if index_price is None:
        return f"index price of {asset}"
    return rates(index_price, collateral)
