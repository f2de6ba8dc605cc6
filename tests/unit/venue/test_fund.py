"""The insurance fund's money is in one place: its purse, whatever happens to what it took over."""

from decimal import Decimal

from crossmargin.venue import event
from crossmargin.venue.distress import attend
from crossmargin.venue.fund import with_purse
from tests.unit.venue.crash import Crash

D = Decimal


def funding(rate):
    """Return an act: the fund pays 100 × `rate` of a position worth that, to the short."""
    paid = event.Posting("account/fund", "account/short", "USDT", D(100) * D(rate))

    def act(decision):
        decision.emit(
            event.FundingSettled(
                symbol="BTCUSDT", at_ms=0, rate=D(rate), mark=D(100), postings=(paid,)
            )
        )
        attend(decision)

    return act


def test_funding_of_what_the_fund_holds_is_paid_from_its_purse():
    stage = Crash("50")
    stage.funded("short", "1000")
    stage.priced("BTCUSDT", "100")
    stage.given("BTCUSDT", "100", "1", "fund", "short")
    stage.decide(funding("0.01"))
    assert stage.money("fund") == 0
    assert stage.state.purse("fund", "USDT") == 49
    assert stage.money("short") == 1001


def test_in_which_order_purses_came_about_does_not_show():
    stages = [Crash(), Crash()]
    for stage, assets in zip(stages, (("USDT", "BTC"), ("BTC", "USDT")), strict=True):
        for asset in assets:
            posting = event.Posting("outside", "fund", asset, D(1))
            stage.emit(event.MoneyMoved(why="feed-fund", postings=(posting,)))
    first, second = (list(with_purse(stage.state).balances.items()) for stage in stages)
    assert first == second == [("BTC", D(1)), ("USDT", D(1))]
