"""How a story begins: makers with their capital, the fund, prices, accounts and their positions.

A position is not written into an account. The makers offer it at its entry price, the market is
there for that moment, and the account buys it with an order; so a story's books balance like any
others. In the end prices are where the story says they begin.
"""

from crossmargin.errors import UsageError
from crossmargin.files.story_tables import AccountRow, HoldingRow
from crossmargin.model.account import MarginMode, PositionMode
from crossmargin.runtime.market_maker import MAKER
from crossmargin.runtime.story_market import SOURCE, StoryMarket
from crossmargin.runtime.underlying import option_marks, surface_seen
from crossmargin.venue import command
from crossmargin.venue.command import Level, TimeInForce


def open_story(market: StoryMarket) -> None:
    """Bring in makers, money, prices and accounts.

    Raises
    ------
    UsageError
        If the venue refuses any of it; one sentence with file, place and reason.
    """
    story, at = market.story, market.at_ms
    for ask in market.maker.enter(market.state, at, (*story.marks, *story.options)):
        market.must("liquidity", ask)
    for asset, amount in story.fund.items():
        ask_fund = command.FeedFund(at_ms=at, asset=asset, amount=amount)
        market.must(f"fund.{asset}", ask_fund)
    for asset, price in story.index.items():
        seen = command.ObserveAsset(at_ms=at, asset=asset, source=SOURCE, price=price)
        market.must(f"index.{asset}", seen)
    for asset, surface in story.surfaces.items():
        for smile in surface.smiles:
            market.must(f"surfaces.{asset}", surface_seen(at, asset, smile))
    market.move(story.marks)
    market.move(option_marks(market.state, story.options))
    # From here on premiums are sampled; funding of the time before the story is nobody's.
    market.must("at", command.Tick(at_ms=at))
    market.receipts.clear()
    for place, row in enumerate(story.accounts):
        _open_account(market, row, f"accounts[{place}]")
    market.move(story.marks)
    market.move(option_marks(market.state, story.options))


def _open_account(market: StoryMarket, row: AccountRow, where: str) -> None:
    at, name = market.at_ms, row.name
    market.must(where, command.OpenAccount(at_ms=at, account=name))
    if row.position_mode is PositionMode.HEDGE:
        mode = command.SetPositionMode(at_ms=at, account=name, mode=row.position_mode)
        market.must(f"{where}.position_mode", mode)
    if row.assets_mode not in (None, market.state.accounts[name].assets_mode):
        assets = command.SetAssetsMode(at_ms=at, account=name, mode=row.assets_mode)
        market.must(f"{where}.assets_mode", assets)
    for asset, amount in row.balances.items():
        money = command.Deposit(at_ms=at, account=name, asset=asset, amount=amount)
        if amount:
            market.must(f"{where}.balances.{asset}", money)
    if row.mode not in (None, market.state.accounts[name].mode):
        judged = command.SetAccountMode(at_ms=at, account=name, mode=row.mode)
        market.must(f"{where}.mode", judged)
    for symbol, leverage in row.leverage.items():
        setting = command.SetLeverage(at_ms=at, account=name, symbol=symbol, leverage=leverage)
        market.must(f"{where}.leverage.{symbol}", setting)
    modes = row.margin_mode | {held.symbol: held.mode for held in row.positions}
    for symbol, margin_mode in modes.items():
        if margin_mode is MarginMode.ISOLATED:
            isolated = command.SetMarginMode(
                at_ms=at, account=name, symbol=symbol, mode=margin_mode
            )
            market.must(f"{where}.margin_mode.{symbol}", isolated)
    for place, held in enumerate(row.positions):
        _buy(market, name, held, f"{where}.positions[{place}]")


def _buy(market: StoryMarket, name: str, held: HoldingRow, where: str) -> None:
    # The makers sell at the entry price, which the market visits for that long.
    at, symbol = market.at_ms, held.symbol
    price = held.entry_price or market.state.symbol(symbol).mark
    if price is None:
        raise UsageError(f"{market.story.name}: {where}: {symbol} has no price under [marks]")
    market.do(command.Quote(at_ms=at, account=MAKER, symbol=symbol, levels=()))
    market.observe(symbol, price)
    levels = (Level(price, -held.size),)
    market.must(where, command.Quote(at_ms=at, account=MAKER, symbol=symbol, levels=levels))
    order = command.PlaceOrder(
        at_ms=at,
        account=name,
        symbol=symbol,
        size=held.size,
        price=price,
        time_in_force=TimeInForce.IOC,
        side=held.side,
    )
    market.must(where, order)
    market.trades.clear()
    position = market.state.accounts[name].position(symbol, held.side)
    if position is None:
        raise UsageError(f"{market.story.name}: {where}: the makers did not fill it")
    if held.margin is not None and held.margin != position.margin:
        more = held.margin - position.margin
        move = command.MoveMargin(
            at_ms=at, account=name, symbol=symbol, amount=more, side=held.side
        )
        market.must(f"{where}.margin", move)
