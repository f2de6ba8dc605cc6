"""Which of a venue's contracts stands for each contract of an account, and in which money.

A venue may list a coin against several dollars, or settle everything in one. Positions that share
a wallet must go on sharing one, or cross margin would be lost in the crossing: so one settle asset
is chosen for all contracts that settle in the same one today. The same asset is preferred, then
the one with the most known ladders. Only where all collateral is one pool may they part.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.risk.venues.underlying import DOLLARS, Underlying, asset_name, underlying_of
from crossmargin.rulebooks.schema import Contract, Rulebook


class Settling(Struct, frozen=True):
    """The venue's contract of each of the account's symbols, and its name of each asset.

    Attributes
    ----------
    money : the venue's asset for each asset that the account's contracts settle in.
    names : the venue's own name of an asset, by its usual one.
    """

    contracts: dict[str, Contract]
    money: dict[str, str]
    names: dict[str, str]

    def name_of(self, asset: str) -> str:
        """Return what the venue holds instead of `asset`.

        It is what stands for it as settle asset; else the venue's name for it; else, of a dollar
        that the venue does not know, the dollar that the account's contracts settle in there.
        """
        if asset in self.money:
            return self.money[asset]
        name = asset_name(asset)
        if name in self.names:
            return self.names[name]
        dollars = (held for held in self.money.values() if asset_name(held) in DOLLARS)
        return next(dollars, asset) if name in DOLLARS else asset

    def has_renamed_dollars(self, balances: Mapping[str, Decimal]) -> bool:
        """Return whether any dollar, of `balances` or settled in, becomes another."""
        return any(
            asset_name(asset) != asset_name(self.name_of(asset))
            for asset in {*balances, *self.money}
        )


def chosen_contracts(
    own: Mapping[str, Contract], rulebook: Rulebook, *, is_multi: bool
) -> Settling:
    """Return the venue's contracts that stand for those in `own`, by the account's symbols.

    Raises
    ------
    UsageError
        If the venue has none for one of them, or none that settle in one asset where they must.
    """
    listed = _by_underlying(rulebook)
    fitting = {symbol: _fitting(contract, listed) for symbol, contract in own.items()}
    chosen: dict[str, Contract] = {}
    money: dict[str, str] = {}
    for settle in dict.fromkeys(contract.instrument.settle for contract in own.values()):
        group = [s for s, contract in own.items() if contract.instrument.settle == settle]
        common = set.intersection(*({c.instrument.settle for c in fitting[s]} for s in group))
        if common:
            name = min(common, key=lambda held: _settle_rank(held, settle, group, fitting))
            for symbol in group:
                inside = [c for c in fitting[symbol] if c.instrument.settle == name]
                chosen[symbol] = min(inside, key=_contract_rank)
        elif is_multi:
            for symbol in group:
                chosen[symbol] = min(
                    fitting[symbol],
                    key=lambda c: (not _is_same(c.instrument.settle, settle), _contract_rank(c)),
                )
        else:
            raise UsageError(f"no one asset that all of {', '.join(group)} settle in")
        money[settle] = chosen[group[0]].instrument.settle
    return Settling({symbol: chosen[symbol] for symbol in own}, money, _names(rulebook))


def _by_underlying(rulebook: Rulebook) -> dict[Underlying, list[Contract]]:
    found: dict[Underlying, list[Contract]] = {}
    for contract in rulebook.contracts.values():
        underlying = underlying_of(contract.instrument)
        if underlying is not None:
            found.setdefault(underlying, []).append(contract)
    return found


def _fitting(contract: Contract, listed: Mapping[Underlying, list[Contract]]) -> list[Contract]:
    underlying = underlying_of(contract.instrument)
    symbol = contract.instrument.symbol
    if underlying is None:
        what = "an option" if contract.instrument.kind.is_option else "a future of unknown delivery"
        raise UsageError(f"{symbol} is {what}, which is not carried from one venue to another")
    found = listed.get(underlying)
    if not found:
        raise UsageError(f"no {underlying.name} in its rulebook")
    return found


def _settle_rank(
    name: str, settle: str, group: Iterable[str], fitting: Mapping[str, list[Contract]]
) -> tuple[bool, int, str]:
    unknown = sum(
        all(c.tiers is None for c in fitting[symbol] if c.instrument.settle == name)
        for symbol in group
    )
    return not _is_same(name, settle), unknown, name


def _contract_rank(contract: Contract) -> tuple[bool, int, str]:
    symbol = contract.instrument.symbol
    return contract.tiers is None, len(symbol), symbol


def _is_same(name: str, other: str) -> bool:
    return asset_name(name) == asset_name(other)


def _names(rulebook: Rulebook) -> dict[str, str]:
    settles = [contract.instrument.settle for contract in rulebook.contracts.values()]
    return {asset_name(name): name for name in [*rulebook.collateral, *settles]}
