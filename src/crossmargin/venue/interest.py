"""Interest on borrowed money: every hour on the hour, for what is owed at that moment.

In multi-assets mode a wallet below zero is a loan, and costs the operator's hourly rate of its
asset, rounded up at 8 places, from the account to the purse `interest`. An unrealised loss is no
loan, and what was paid back before the hour cost nothing. Hours that nobody ticked are charged
together, without interest on interest, for what is owed when somebody does.

The rate is a setting: venues let theirs float and publish no history of it. Sources of the rule:
OKX, "Interest calculation"; Bybit, "Borrowing, interest and repayment" (hourly, on the realised
loan). That Binance's multi-assets mode charges any was not found.

The state keeps under `interest` of an asset its rate and the hour up to which it is charged.
"""

from crossmargin.durations import HOUR_MS
from crossmargin.margin.lookup import cross_wallets
from crossmargin.model.account import AssetsMode
from crossmargin.money import EIGHT_PLACES, exact, up_to
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.event import MoneyMoved, Posting
from crossmargin.venue.ledger import FUND
from crossmargin.venue.observations import remember

INTEREST = "interest"


@exact
def charge_interest(decision: Decision) -> None:
    """Charge every asset's loans for the hours that have ended since they were last charged."""
    state = decision.state
    hour_ms = decision.at_ms // HOUR_MS * HOUR_MS
    for asset, rate in sorted(state.settings.interest_hourly.items()):
        charged = state.asset_seen_of(asset).get(INTEREST)
        if charged is not None and charged[1] >= hour_ms:
            continue
        remember(decision, asset, INTEREST, rate, hour_ms, is_symbol=False)
        if charged is None:
            continue  # The count of hours begins.
        hours = (hour_ms - charged[1]) // HOUR_MS
        postings: list[Posting] = []
        for name, account in sorted(state.accounts.items()):
            if account.assets_mode is not AssetsMode.MULTI or name == FUND:
                continue
            if account.balances.get(asset, 0) >= 0:
                continue
            owed = -cross_wallets(account.bare(), state.rulebook)[asset]
            interest = up_to(EIGHT_PLACES, owed * rate * hours)
            postings += moved(f"account/{name}", "interest", asset, interest)
        if postings:
            decision.emit(MoneyMoved(why="interest", postings=tuple(postings)))
