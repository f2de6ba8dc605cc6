"""`crossmargin crash`, run as a person runs it; and the real crash, with the books kept twice."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from crossmargin.feeds.moments import load_feed
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.runtime.crash import LEAD_MS, crash_of, run
from crossmargin.runtime.population import population
from crossmargin.store.sqlite import SqliteReader
from crossmargin.venue.decide import decide
from crossmargin.venue.ledger import audit, balances
from tests.e2e.test_command import run as command
from tests.shared import needs_shared
from tests.unit.runtime.bookkeeper import Bookkeeper

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
SMALL = ("--accounts", 60, "--from", "2025-10-10T21:00Z", "--to", "2025-10-10T21:30Z")


def moment_ms(text):
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("2025-10-10T21:00Z", "2025-10-10T22:00Z", id="the worst hour"),
        pytest.param("2025-10-10T12:00Z", "2025-10-11T12:00Z", id="the whole day"),
    ],
)
def test_october_2025_in_a_venue_of_500_accounts(start, end):
    candles = needs_shared("data/candles")
    from_ms, to_ms = moment_ms(start), moment_ms(end)
    if to_ms - from_ms > LEAD_MS and settings.get_current_profile_name() != "soak":
        pytest.skip("the whole day is run by make soak")
    rulebook = load_rulebook("binance-usdm", at=datetime(2025, 10, 10, tzinfo=UTC))
    feed = load_feed(candles, SYMBOLS, from_ms - LEAD_MS, to_ms, price="last")
    people = population(7, 500, SYMBOLS, rulebook)
    books = Bookkeeper(decide)
    ran = run(crash_of(rulebook, feed, from_ms, people, "profit-times-leverage"), books.decide)

    assert [] == ran.log.broken == audit(ran.state)
    assert_books_agree(ran, books)
    # The lows of the venue's public klines: 101,516.5 and 141.28 in trades.
    lows = {name: min(one.marks[name] for one in ran.log.looks) for name in SYMBOLS}
    assert (101_516.5, 3_400.0, 141.28) == tuple(map(float, lows.values()))
    # All that a crash can do to a venue has happened: dry books, an empty fund, deleveraging.
    assert len({name for name in books.struck if name.startswith("trader")}) > 50
    assert any(not one.bids_usd["SOLUSDT"] for one in ran.log.looks)
    assert books.fund["own"] < 0
    assert len(books.deleveraged) > 10


def assert_books_agree(ran, books):
    """Money, positions, fund and receipts are what a second set of books says."""
    assert {purse: amount for purse, amount in books.money.items() if amount} == {
        purse: amount for purse, amount in balances(ran.state).items() if amount
    }
    assert {0} == {sum(m for (_, of), m in books.money.items() if of == a) for _, a in books.money}
    held = {
        (account.name, position.symbol): position.size
        for account in ran.state.accounts.values()
        for position in account.positions.values()
    }
    assert {key: size for key, size in books.sizes.items() if size} == held
    assert {0} == set(books.traded.values())
    left = sum(books.fund[name] for name in ("fed", "fees", "takeover", "insurance", "own"))
    assert left == ran.state.purse("fund", "USDT")
    assert set(books.struck) <= {one.account for _, one in books.receipts}
    assert all(one.before.equity <= one.before.maintenance_margin for _, one in books.receipts)


def test_a_crash_is_told_shown_and_kept_and_the_same_again(tmp_path):
    told = command("crash", *SMALL, "--html", "a.html", "--store", "a.db", cwd=tmp_path)
    again = command("crash", *SMALL, "--store", "b.db", "--json", cwd=tmp_path)
    checked = command("verify", "a.db", cwd=tmp_path)
    summary = json.loads(again.stdout)

    assert (0, "") == (told.returncode, told.stderr)
    assert "Money is conserved" in told.stdout
    assert told.stdout.endswith("wrote a.html\nwrote a.db\n")
    assert summary["headline"].split(":")[0] in told.stdout.replace("\n", " ")
    assert 0 == checked.returncode
    assert f"decided again  {summary['commands']:,}" in checked.stdout
    assert last_hash(tmp_path / "a.db") == last_hash(tmp_path / "b.db")
    page = (tmp_path / "a.html").read_text()
    assert "Who was liquidated, and when" in page
    assert 'src="http' not in page


def last_hash(store):
    """Return the hash that ends a journal's chain."""
    reader = SqliteReader(store)
    try:
        return reader.head()[1]
    finally:
        reader.close()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--adl", "luck"), 2, "--adl luck: is none of profit-times-leverage, "),
        (("--price", "last"), 2, "--path, --price and --interval choose among candles"),
        (("--from", "2025-10-11T00:00Z"), 2, "--to: must be later than --from"),
        (("--symbols", ","), 2, "--symbols: names none"),
        (("--symbols", "NOSUCH"), 2, "binance-usdm has no ladder for NOSUCH"),
        (("--symbols", "XRPUSDT"), 3, "the built-in path has no XRPUSDT"),
        (("--from", "2025-10-10T12:30Z"), 3, "the prices are of 2025-10-10T12:00:00Z to "),
        (("nowhere",), 2, "nowhere: no such file or folder"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(words, status, said, tmp_path):
    done = command("crash", *words, cwd=tmp_path)

    assert (status, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert done.stderr.startswith("crossmargin: ")
    assert 1 == done.stderr.count("\n")
