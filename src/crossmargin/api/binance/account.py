"""What an account has and what is asked of it: `account` and `balance`, in versions 2 and 3."""

from typing import Any

from crossmargin.api.binance.brackets import notional_max
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.exchange_info import assets
from crossmargin.api.binance.portfolio import AssetSums, Portfolio, asked, given
from crossmargin.api.binance.positions import Row, rows, signed_notional
from crossmargin.margin.lookup import contract_of, leverage_of
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.money import ZERO, plain


async def account_v3(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v3/account`."""
    portfolio = Portfolio(desk.state, desk.account_of(request))
    return account_body(desk, portfolio)


async def account_v2(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v2/account`."""
    portfolio = Portfolio(desk.state, desk.account_of(request))
    body = account_body(desk, portfolio)
    for position, row in zip(body["positions"], rows(portfolio), strict=True):
        position.update(_older(portfolio, row))
    return {
        "feeTier": 0,
        "feeBurn": False,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": False,
        "updateTime": 0,
        "multiAssetsMargin": portfolio.is_multi,
        "tradeGroupId": -1,
        **body,
    }


async def balance(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v2/balance` and `GET /fapi/v3/balance`."""
    portfolio, now_ms = Portfolio(desk.state, desk.account_of(request)), desk.service.now_ms()
    return [
        {
            "accountAlias": portfolio.account.name,
            "asset": one.asset,
            "balance": given(one.wallet),
            "crossWalletBalance": given(one.cross_wallet),
            "crossUnPnl": given(one.cross_pnl),
            "availableBalance": given(one.free),
            "maxWithdrawAmount": given(one.withdrawable),
            "marginAvailable": one.asset in desk.state.rulebook.collateral,
            "updateTime": now_ms,
        }
        for one in portfolio.assets(assets(desk.state))
    ]


async def account_config(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/accountConfig`."""
    account = desk.account_of(request)
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": False,
        "dualSidePosition": account.position_mode is PositionMode.HEDGE,
        "updateTime": 0,
        "multiAssetsMargin": account.assets_mode is AssetsMode.MULTI,
        "tradeGroupId": -1,
    }


def account_body(desk: Desk, portfolio: Portfolio) -> dict[str, Any]:
    """Return an account with its totals, assets and positions, as version 3 has them."""
    now_ms = desk.service.now_ms()
    sums = portfolio.assets(assets(desk.state))
    total = portfolio.totals(sums)
    return {
        "totalInitialMargin": asked(total.initial),
        "totalMaintMargin": asked(total.maintenance),
        "totalWalletBalance": given(total.wallet),
        "totalUnrealizedProfit": given(total.pnl),
        "totalMarginBalance": given(total.wallet + total.pnl),
        "totalPositionInitialMargin": asked(total.position_initial),
        "totalOpenOrderInitialMargin": asked(total.order_initial),
        "totalCrossWalletBalance": given(total.cross_wallet),
        "totalCrossUnPnl": given(total.cross_pnl),
        "availableBalance": given(total.free),
        "maxWithdrawAmount": given(total.withdrawable),
        "assets": [_asset(one, now_ms) for one in sums],
        "positions": [_position(one, now_ms) for one in rows(portfolio)],
    }


def _asset(one: AssetSums, now_ms: int) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "walletBalance": given(one.wallet),
        "unrealizedProfit": given(one.pnl),
        "marginBalance": given(one.wallet + one.pnl),
        "maintMargin": asked(one.maintenance),
        "initialMargin": asked(one.initial),
        "positionInitialMargin": asked(one.position_initial),
        "openOrderInitialMargin": asked(one.order_initial),
        "crossWalletBalance": given(one.cross_wallet),
        "crossUnPnl": given(one.cross_pnl),
        "availableBalance": given(one.free),
        "maxWithdrawAmount": given(one.withdrawable),
        "updateTime": now_ms,
    }


def _position(row: Row, now_ms: int) -> dict[str, Any]:
    return {
        "symbol": row.symbol,
        "positionSide": row.side_name,
        "positionAmt": plain(row.size),
        "unrealizedProfit": given(row.pnl),
        "isolatedMargin": given(row.isolated_margin),
        "notional": given(signed_notional(row)),
        "isolatedWallet": given(row.isolated_wallet),
        "initialMargin": asked(row.position_initial + row.order_initial),
        "maintMargin": asked(row.maintenance),
        "updateTime": now_ms,
    }


def _older(portfolio: Portfolio, row: Row) -> dict[str, Any]:
    # What version 2 says of a position beside.
    contract = contract_of(row.symbol, portfolio.state.rulebook)
    leverage = leverage_of(row.symbol, portfolio.view, portfolio.state.rulebook)
    return {
        "leverage": plain(leverage),
        "isolated": row.mode is MarginMode.ISOLATED,
        "entryPrice": plain(row.entry_price),
        "breakEvenPrice": given(row.break_even_price),
        "maxNotional": plain(notional_max(contract, leverage)),
        "positionInitialMargin": asked(row.position_initial),
        "openOrderInitialMargin": asked(row.order_initial),
        "bidNotional": given(row.bids or ZERO),
        "askNotional": given(row.asks or ZERO),
    }
