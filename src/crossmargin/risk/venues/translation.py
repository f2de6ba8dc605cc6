"""One venue's account, expressed for another venue.

Two venues can be compared only on the same portfolio: the same coins held, entered and marked at
the same prices, backed by the same money. So every contract is replaced by the other venue's
contract of the same underlying and payoff (`underlying`), its size converted through both
multipliers, its prices through how many coins each name stands for (1000PEPE, kPEPE), and the
money renamed where the venue settles in another dollar, at par.

What cannot be carried over is refused with a reason and never bent: hedged positions where a symbol
holds one, buckets where there are none, options, two contracts that would become one. What can be
done only by assuming something is done, and said. Sizes are not rounded to lots and prices not to
ticks. Nothing is computed about margin here.

Invariant: coins of every position (of inverse ones the dollars), unrealised profit at the mark and
the sum of dollars held are those of the account; a size that does not divide is cut at 50 digits,
away from zero.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.lookup import cross_wallets, leverage_of
from crossmargin.margin.modes import can_borrow, check_modes
from crossmargin.model.account import Account, AccountMode, AssetsMode, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact, plain, quotient_up
from crossmargin.risk.venues.leverage import fitting_leverage
from crossmargin.risk.venues.settling import Settling, chosen_contracts
from crossmargin.risk.venues.underlying import DOLLARS, asset_name, bundle
from crossmargin.rulebooks.margin_rule import InitialMargin
from crossmargin.rulebooks.schema import Contract, Rulebook

PRICES = (
    "Mark, entry and index prices are the account's at every venue; a venue's own differ a bit."
)
SIZES = (
    "Positions are the same number of coins everywhere (inverse ones: dollars), not cut to lots."
)
PAR = "Dollars count at par: USDT, USDC and USD are renamed where a venue settles in another."
ORDERS = "Open orders are carried over, at the same prices."


class Translation(Struct, frozen=True):
    """An account as another venue would hold it.

    Attributes
    ----------
    symbols : the venue's symbol of each of the account's that has a position or an order.
    common : sentences on how accounts are carried over, the same at every venue.
    said : sentences on what is different at this one.
    """

    account: Account
    market: Market
    symbols: dict[str, str]
    common: tuple[str, ...]
    said: tuple[str, ...]


@exact
def translated(
    account: Account,
    market: Market,
    home: Rulebook,
    rulebook: Rulebook,
    mode: AccountMode = AccountMode.STANDARD,
) -> Translation:
    """Return `account`, which is of the venue of `home`, as the venue of `rulebook` would hold it.

    Parameters
    ----------
    mode : that it has there.

    Raises
    ------
    UsageError
        If that venue cannot hold it: the reason, in one sentence.
    """
    said: list[str] = []
    assets_mode = _assets_mode(account, rulebook, mode, said)
    pairs = _pairs(account, market, home, rulebook, assets_mode)
    settling = pairs.settling
    balances = _balances(account, rulebook, settling, assets_mode, said)
    carried = Account(
        balances=balances,
        positions=tuple(pairs.position(position) for position in account.positions),
        orders=tuple(
            replace(
                order,
                symbol=pairs.symbol(order.symbol),
                size=pairs.size(order.symbol, order.size),
                price=pairs.price(order.symbol, order.price),
                trigger_price=pairs.price(order.symbol, order.trigger_price),
            )
            for order in account.orders
        ),
        leverage={
            pairs.symbol(symbol): setting
            for symbol, setting in account.leverage.items()
            if symbol in settling.contracts
        },
        margin_mode={
            pairs.symbol(symbol): mode
            for symbol, mode in account.margin_mode.items()
            if symbol in settling.contracts
        },
        assets_mode=assets_mode,
        position_mode=account.position_mode,
        mode=mode,
    )
    prices = pairs.market()
    prices = _with_index(prices, carried, rulebook, pairs, said)
    carried = replace(carried, leverage=_leverage(carried, prices, rulebook, said))
    check_modes(carried, rulebook)
    if not can_borrow(carried, rulebook):
        _check_wallets(carried, rulebook)
    common = [PRICES, SIZES]
    common += [ORDERS] if account.orders else []
    common += [PAR] if settling.has_renamed_dollars(account.balances) else []
    symbols = {symbol: pairs.symbol(symbol) for symbol in settling.contracts}
    return Translation(carried, prices, symbols, tuple(common), tuple(said))


class _Pairs(Struct, frozen=True):
    """Each of the account's contracts beside the venue's, and what goes over from one to other."""

    given: Market
    own: dict[str, Contract]
    settling: Settling

    def symbol(self, symbol: str) -> str:
        return self.settling.contracts[symbol].instrument.symbol

    def scale(self, symbol: str) -> Decimal:
        """Return by what a price is multiplied: how many more coins the venue's name counts."""
        _, mine = bundle(self.own[symbol].instrument.base)
        _, theirs = bundle(self.settling.contracts[symbol].instrument.base)
        return theirs / mine  # Powers of ten.

    def size(self, symbol: str, size: Decimal) -> Decimal:
        mine = self.own[symbol].instrument
        theirs = self.settling.contracts[symbol].instrument
        quantity = abs(size) * mine.multiplier
        per_unit = theirs.multiplier
        if not mine.kind.is_inverse:
            per_unit *= self.scale(symbol)
        return quotient_up(quantity, per_unit).copy_sign(size)

    def price(self, symbol: str, price: Decimal | None) -> Decimal | None:
        return None if price is None else price * self.scale(symbol)

    def position(self, position: Position) -> Position:
        symbol = position.symbol
        return replace(
            position,
            symbol=self.symbol(symbol),
            size=self.size(symbol, position.size),
            entry_price=position.entry_price * self.scale(symbol),
        )

    def market(self) -> Market:
        """Return the prices under the venue's names; open interest is another market's."""
        given, contracts = self.given, self.settling.contracts
        marks = {
            self.symbol(symbol): given.marks[symbol] * self.scale(symbol)
            for symbol in contracts
            if symbol in given.marks
        }
        index: dict[str, Decimal] = {}
        for asset, price in given.index.items():
            name = self.settling.name_of(asset)
            if name == asset:
                index[name] = price
            else:
                # A dollar that is renamed is one at par, whatever it cost where it came from.
                index.setdefault(name, ONE if name in DOLLARS else price)
        for symbol, contract in contracts.items():
            of_base = given.index.get(self.own[symbol].instrument.base)
            if of_base is not None:
                index[contract.instrument.base] = of_base * self.scale(symbol)
        return Market(marks, index, given.at_ms, surfaces=given.surfaces)


def _assets_mode(
    account: Account, rulebook: Rulebook, wanted: AccountMode, said: list[str]
) -> AssetsMode:
    if account.position_mode not in rulebook.position_modes:
        raise UsageError(f"no {account.position_mode} position mode")
    mode = account.assets_mode
    if wanted is AccountMode.PORTFOLIO and "multi" in rulebook.assets_modes:
        mode = AssetsMode.MULTI  # one pool is what portfolio margin is for, wherever there is one
    if mode not in rulebook.assets_modes:
        mode = AssetsMode(rulebook.assets_modes[0])
        if mode is AssetsMode.MULTI:
            said.append("There is no single-asset mode: all collateral backs all positions.")
        else:
            said.append("There is no multi-assets mode: an asset backs only what settles in it.")
    modes = {*account.margin_mode.values(), *(position.mode for position in account.positions)}
    if MarginMode.ISOLATED in modes and not rulebook.has_isolated:
        raise UsageError("nothing is isolated there")
    has_buckets = mode is AssetsMode.SINGLE or rulebook.has_isolated_in_multi
    if MarginMode.ISOLATED in modes and not has_buckets:
        raise UsageError("no isolated positions in multi-assets mode")
    has_cross = any(position.mode is MarginMode.CROSS for position in account.positions)
    if rulebook.is_single_isolated and mode is AssetsMode.SINGLE and has_cross:
        said.append("Cross positions need multi-assets mode: all collateral backs all positions.")
        return AssetsMode.MULTI
    return mode


def _pairs(
    account: Account, market: Market, home: Rulebook, rulebook: Rulebook, mode: AssetsMode
) -> _Pairs:
    own = {symbol: home.contracts[symbol] for symbol in account.symbols}
    settling = chosen_contracts(own, rulebook, is_multi=mode is AssetsMode.MULTI)
    first: dict[str, str] = {}
    for symbol, contract in settling.contracts.items():
        other = first.setdefault(contract.instrument.symbol, symbol)
        if other != symbol:
            raise UsageError(f"{other} and {symbol} would be one position there")
    return _Pairs(market, own, settling)


def _balances(
    account: Account,
    rulebook: Rulebook,
    settling: Settling,
    mode: AssetsMode,
    said: list[str],
) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    into: dict[str, list[str]] = {}
    for asset, amount in account.balances.items():
        name = settling.name_of(asset)
        found[name] = found.get(name, ZERO) + amount
        into.setdefault(name, []).append(asset)
    for name, assets in into.items():
        if len(assets) > 1 and mode is AssetsMode.SINGLE:
            said.append(f"{' and '.join(assets)} are one {name} wallet.")
    idle = [
        name
        for name, amount in found.items()
        if amount and name not in {c.instrument.settle for c in settling.contracts.values()}
    ]
    if idle and mode is AssetsMode.SINGLE and account.assets_mode is AssetsMode.MULTI:
        said.append(f"{', '.join(idle)} backs nothing there.")
    for contract in settling.contracts.values():
        found.setdefault(contract.instrument.settle, ZERO)
    return found


def _with_index(
    market: Market, account: Account, rulebook: Rulebook, pairs: _Pairs, said: list[str]
) -> Market:
    # Collateral is counted in USD: a price nobody gave is taken from what is held, and said.
    if account.assets_mode is AssetsMode.SINGLE:
        return market
    index = dict(market.index)
    coins: dict[str, tuple[str, Decimal]] = {}
    for symbol, contract in pairs.settling.contracts.items():
        coin, count = bundle(contract.instrument.base)
        mark = market.marks.get(contract.instrument.symbol)
        if mark is not None and asset_name(contract.instrument.settle) in {coin, *DOLLARS}:
            coins.setdefault(coin, (symbol, mark / count))
    for asset in account.balances:
        name = asset_name(asset)
        if asset in index:
            continue
        if name in DOLLARS:
            index[asset] = ONE
            said.append(f"The index of {asset} is not given: it is 1 USD.")
        elif name in coins:
            symbol, index[asset] = coins[name]
            said.append(f"The index of {asset} is not given: it is the mark of {symbol}.")
    return replace(market, index=index)


def _leverage(
    account: Account, market: Market, rulebook: Rulebook, said: list[str]
) -> dict[str, Decimal]:
    # The settings carried over, and defaults where they are more than the position's tier allows.
    is_multiple = rulebook.margin.initial is InitialMargin.MULTIPLE
    if is_multiple and account.leverage:
        said.append("Leverage is not counted: initial margin is a multiple of maintenance margin.")
    found = dict(account.leverage)
    capped = []
    for symbol, allowed in fitting_leverage(account, market, rulebook).items():
        setting = leverage_of(symbol, account, rulebook)
        if allowed < setting:
            found[symbol] = allowed
            capped.append(f"{symbol} {plain(allowed)}x instead of {plain(setting)}x")
    if capped and not is_multiple:
        said.append(f"Leverage is what its tiers allow: {', '.join(capped)}.")
    return found


def _check_wallets(account: Account, rulebook: Rulebook) -> None:
    for asset, wallet in cross_wallets(account, rulebook).items():
        if wallet < 0:
            raise UsageError(f"no borrowing: its {asset} wallet would be {plain(wallet)}")
