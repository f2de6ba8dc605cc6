"""A store as tables: every number as the journal has it, all files or none."""

from decimal import Decimal

import polars as pl
import pytest

from crossmargin.errors import StoreError, UsageError
from crossmargin.margin.health import Health
from crossmargin.model.account import Position
from crossmargin.model.order import Side
from crossmargin.report.export import export
from crossmargin.report.export_equity import EQUITY
from crossmargin.report.export_rows import TABLES
from crossmargin.store.entry import Decided
from crossmargin.store.places import journal_at, reader_at
from crossmargin.venue import event
from crossmargin.venue.command import PlaceOrder, Tick
from crossmargin.venue.event import OrderStatus, Posting
from tests.postgres import change
from tests.unit.store.stores import HEADER, fresh

D = Decimal
BTC = "BTCUSDT"
MINUTE = 60_000


def paid(source, target, amount):
    return (Posting(source, target, "USDT", D(amount)),)


def order(order_id, size, price, **more):
    placed = PlaceOrder(at_ms=1, account="ann", symbol=BTC, size=D(size), price=D(price), **more)
    return event.OrderAccepted(order_id=order_id, order=placed)


def stop():
    placed = PlaceOrder(
        at_ms=1, account="ann", symbol=BTC, size=D(0), trigger_price=D(80), is_close_position=True
    )
    return event.OrderAccepted(order_id=4, order=placed, is_waiting=True, parent_id=1)


def filled(size, price, held, **more):
    return event.Filled(
        trade_id=more.pop("trade_id", 1),
        account="ann",
        symbol=BTC,
        size=D(size),
        price=D(price),
        position=Position(BTC, D(held), D(price)),
        side=Side.LONG,
        realised_pnl=D("-1.50"),
        fee=D("0.05"),
        why="trade",
        **more,
    )


# What happened, by the millisecond at which it did; every number below follows by hand.
HISTORY = {
    0: [
        event.AccountOpened(account="ann"),
        event.MoneyMoved(why="deposit", postings=paid("outside", "account/ann", "1000")),
        event.MoneyMoved(why="feed-fund", postings=paid("outside", "fund", "500.10")),
        event.PriceSet(symbol=BTC, index=D(100), mark=D(100), last=None),
    ],
    1000: [order(1, "3", "100", client_id="x"), order(2, "1", "90"), order(3, "-1", "200"), stop()],
    2000: [
        filled("1", "100", "1", order_id=1),
        filled("2", "100", "3", order_id=1, trade_id=2, postings=paid("account/ann", "fees", "1")),
    ],
    MINUTE: [
        event.PriceSet(symbol=BTC, index=D(90), mark=D(90), last=None),
        event.OrderGone(order_id=2, status=OrderStatus.CANCELLED, why="client"),
        event.FundingSettled(
            symbol=BTC,
            at_ms=MINUTE - 1,
            rate=D("0.0001"),
            mark=D(90),
            postings=paid("account/ann", f"funding/{BTC}", "0.027"),
        ),
    ],
    2 * MINUTE: [
        event.OrderTriggered(order_id=4, price=D(80), size=D("-2")),
        event.OrderResized(order_id=4, size=D("-1.5")),
        event.LiquidationStep(
            account="ann",
            unit="USDT",
            step="take-over",
            rule="a rule",
            action="an action",
            before=Health(D(1), D(2), D("1.5")),
        ),
        event.Deleveraged(
            symbol=BTC,
            size=D(3),
            price=D("90.5"),
            by_account={"bob": D(1), "cy": D(2)},
            shortfall=D(4),
            haircut=D(5),
            overshoot=D(1),
            policy="p",
        ),
        event.LossShared(asset="USDT", amount=D(7), by_account={"bob": D(7)}),
        event.MoneyMoved(why="insurance", postings=paid("fund", "account/ann", "20.1")),
    ],
}


@pytest.fixture
def store(place):
    """Return the place of a store in which that history is."""
    journal = journal_at(place, HEADER)
    for at_ms, events in HISTORY.items():
        journal.append([Decided(Tick(at_ms=at_ms), tuple(events))])
    journal.close()
    return place


def exported(place, out, form="parquet", *, state=None, interval_ms=MINUTE):
    reader = reader_at(place)
    try:
        return export(reader, out, form, state, interval_ms)
    finally:
        reader.close()


def rows(out, name, *columns):
    """Return rows of a table, decimals without the zeros that a fixed scale adds."""
    frame = pl.read_parquet(out / f"{name}.parquet").select(columns)
    return [
        tuple(one.normalize() if isinstance(one, Decimal) else one for one in row)
        for row in frame.rows()
    ]


def test_every_table_says_what_happened(store, tmp_path):
    out = tmp_path / "out"
    done = exported(store, out)

    assert (5, {*TABLES}) == (done.entries, {*done.files})
    assert {f"{name}.parquet" for name in TABLES} == {file.name for file in out.iterdir()}
    assert [
        (3, 2000, 1, "ann", 1, D(1), D(100), D("-1.5"), D("0.05"), D(1)),
        (3, 2000, 2, "ann", 1, D(2), D(100), D("-1.5"), D("0.05"), D(3)),
    ] == rows(
        out,
        "fills",
        *("sequence", "at_ms", "trade_id", "account", "order_id", "size", "price"),
        *("realised_pnl", "fee", "position_size"),
    )
    assert [
        (1, "x", 1000, 2000, "filled", D(3), D(0), ""),
        (2, "", 1000, MINUTE, "cancelled", D(0), D(1), "client"),
        (3, "", 1000, None, "open", D(0), D(-1), ""),
        (4, "", 1000, None, "open", D(0), D("-1.5"), ""),
    ] == rows(
        out,
        "orders",
        *("order_id", "client_id", "accepted_ms", "ended_ms", "status", "filled", "left", "why"),
    )
    assert [(MINUTE - 1, BTC, "ann", D("0.0001"), D(90), D("-0.027"))] == rows(
        out, "funding", "at_ms", "symbol", "account", "rate", "mark", "amount"
    )
    assert [("ann", "take-over", D(1), D("1.5"), None)] == rows(
        out,
        "liquidations",
        *("account", "step", "equity_before", "maintenance_margin_before", "equity_after"),
    )
    assert [("bob", D(1), D("90.5"), D(4)), ("cy", D(2), D("90.5"), D(4))] == rows(
        out, "deleveraging", "account", "closed", "price", "shortfall"
    )
    assert [("bob", D(7), D(7))] == rows(out, "shared_losses", "account", "amount", "total")
    assert [
        ("outside", D("500.1"), D("500.1")),
        ("account/ann", D("-20.1"), D(480)),
    ] == rows(out, "fund", "purse", "amount", "balance")
    assert [
        ("outside", "account/ann", D(1000)),
        ("outside", "fund", D("500.1")),
        ("account/ann", "fees", D(1)),
        ("account/ann", f"funding/{BTC}", D("0.027")),
        ("fund", "account/ann", D("20.1")),
    ] == rows(out, "postings", "source", "target", "amount")


# RULES asks for 1 % of notional. Bought 3 at 100 with 1000 less a fee of 1: at 100 equity is 999
# and 3 are asked for; at 90, after funding of 0.027, it is 968.973 and 2.7; then 20.1 come in.
def test_equity_is_told_at_the_end_of_each_interval(store, tmp_path):
    exported(store, tmp_path / "out", state=fresh())

    assert [
        (3, 2000, "ann", D(999), D(999), D(3), "ok"),
        (4, MINUTE, "ann", D("998.973"), D("968.973"), D("2.7"), "ok"),
        (5, 2 * MINUTE, "ann", D("1019.073"), D("989.073"), D("2.7"), "ok"),
    ] == rows(
        tmp_path / "out",
        EQUITY,
        *("sequence", "at_ms", "account", "wallet_balance", "equity", "maintenance_margin"),
        "status",
    )


def test_a_longer_interval_tells_less(store, tmp_path):
    done = exported(store, tmp_path / "out", state=fresh(), interval_ms=10 * MINUTE)

    assert 1 == done.rows[EQUITY]


def test_a_text_file_has_every_digit(store, tmp_path):
    long = "100.123456789012345678901234567890123"
    journal = journal_at(store)
    journal.append([Decided(Tick(at_ms=3 * MINUTE), (filled("1", long, "4", trade_id=3),))])
    journal.close()
    exported(store, tmp_path / "csv", "csv")
    exported(store, tmp_path / "parquet")

    last = (tmp_path / "csv" / "fills.csv").read_text().splitlines()[-1]
    assert f"6,180000,3,ann,BTCUSDT,,long,1,{long},false,-1.5,0.05,4,{long},trade" == last
    assert (D("100.123456789012345679"),) == rows(tmp_path / "parquet", "fills", "price")[-1]


def test_a_number_without_a_place_in_parquet_is_named_and_nothing_is_written(store, tmp_path):
    journal = journal_at(store)
    journal.append([Decided(Tick(at_ms=3 * MINUTE), (filled("1", "1e25", "4"),))])
    journal.close()

    with pytest.raises(UsageError, match="fills: a number has too many digits for Parquet"):
        exported(store, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    exported(store, tmp_path / "out", "csv")


def test_parts_do_not_show(store, tmp_path, monkeypatch):
    exported(store, tmp_path / "one", "csv")
    monkeypatch.setattr("crossmargin.report.export.PART_ROWS", 2)
    exported(store, tmp_path / "other", "csv")

    for name in TABLES:
        one, other = ((tmp_path / at / f"{name}.csv").read_bytes() for at in ("one", "other"))
        assert one == other


def test_a_store_in_use_is_exported_as_it_is(store, tmp_path):
    journal = journal_at(store)
    done = exported(store, tmp_path / "out")
    journal.append([Decided(Tick(at_ms=3 * MINUTE), ())])
    journal.close()

    assert 5 == done.entries
    assert 6 == exported(store, tmp_path / "out").entries


def test_a_damaged_store_leaves_what_was_there(store, tmp_path):
    exported(store, tmp_path / "out", "csv")
    before = {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()}
    change(store, "UPDATE entries SET events = ? WHERE sequence = 5", b"[]")

    with pytest.raises(StoreError, match="entry 5: "):
        exported(store, tmp_path / "out", "csv")
    assert before == {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()}
    assert ["out"] == [one.name for one in tmp_path.iterdir() if one.is_dir()]


def test_where_nothing_can_be_written_it_is_said(store, tmp_path):
    (tmp_path / "out").write_text("a file")

    with pytest.raises(UsageError, match="out: the report cannot be written there: "):
        exported(store, tmp_path / "out")


def test_an_empty_store_has_empty_tables(place, tmp_path):
    journal_at(place, HEADER).close()
    done = exported(place, tmp_path / "out", state=fresh())

    assert (0, {0}) == (done.entries, {*done.rows.values()})
    assert 9 == len(done.files)
