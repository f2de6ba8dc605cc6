"""Which edition is used when, and what is said when there is none."""

from datetime import UTC, date, datetime, timedelta, timezone
from importlib.resources import files

import pytest

from crossmargin.errors import RulebookError, UsageError
from crossmargin.rulebooks.loader import (
    edition_date,
    editions,
    editions_with,
    load_rulebook,
    venues,
)

# The packing dates that the collected brackets carry.
DATES = ("2022-05-28", "2022-10-29", "2023-08-28", "2024-08-07", "2025-09-29", "2026-09-29")
EAST = timezone(timedelta(hours=8))
DATA = files("crossmargin.rulebooks") / "data"


def test_venues_are_those_with_a_folder():
    folders = [folder.name for folder in DATA.iterdir() if folder.is_dir()]

    assert tuple(sorted(folders)) == venues()
    assert {"binance-coinm", "binance-usdm"} <= set(venues())


def test_editions_are_sorted_by_date():
    assert DATES == tuple(map(str, editions("binance-usdm")))


@pytest.mark.parametrize(
    ("asked", "edition"),
    [
        pytest.param({}, "2026-09-29", id="the newest when nothing is said"),
        pytest.param({"edition": "2023-08-28"}, "2023-08-28", id="the one named as text"),
        pytest.param({"edition": date(2023, 8, 28)}, "2023-08-28", id="the one named as a date"),
        pytest.param(
            {"edition": "2023-08-28", "at": date(2025, 12, 1)},
            "2023-08-28",
            id="the one named, whatever the moment",
        ),
        pytest.param({"at": date(2025, 9, 29)}, "2025-09-29", id="an edition holds on its day"),
        pytest.param({"at": date(2025, 9, 28)}, "2024-08-07", id="and not on the day before"),
        pytest.param(
            {"at": datetime(2025, 10, 10, 21, tzinfo=UTC)}, "2025-09-29", id="in force at a moment"
        ),
        pytest.param(
            {"at": datetime(2025, 9, 29, 7, 59, tzinfo=EAST)},
            "2024-08-07",
            id="days are those of UTC",
        ),
        pytest.param({"at": date(2040, 1, 1)}, "2026-09-29", id="the newest long after it"),
    ],
)
def test_the_edition_is(asked, edition):
    rulebook = load_rulebook("binance-usdm", **asked)

    assert (edition, ()) == (str(rulebook.edition), rulebook.assumptions)


def test_before_the_first_edition_the_first_is_used_and_that_is_said():
    rulebook = load_rulebook("binance-usdm", at=date(2021, 5, 19))

    assert "2022-05-28" == str(rulebook.edition)
    assert (
        "The oldest rulebook of binance-usdm is of 2022-05-28: "
        "it is used for 2021-05-19, which is before.",
    ) == rulebook.assumptions
    assert () == load_rulebook("binance-usdm", edition="2022-05-28").assumptions


@pytest.mark.parametrize(
    ("venue", "asked", "message"),
    [
        pytest.param(
            "mtgox",
            {},
            f"there is no rulebook of 'mtgox'; there are {', '.join(venues())}",
            id="an unknown venue",
        ),
        pytest.param(
            "../binance-usdm",
            {},
            f"there is no rulebook of '../binance-usdm'; there are {', '.join(venues())}",
            id="a path is not a venue",
        ),
        pytest.param(
            "binance-usdm",
            {"edition": "2025-09-30"},
            "there is no edition 2025-09-30 of binance-usdm; there are " + ", ".join(DATES),
            id="an edition near one there is",
        ),
        pytest.param(
            "binance-coinm",
            {"edition": "newest"},
            "there is no edition newest of binance-coinm; there are 2021-07-27",
            id="an edition that is no date",
        ),
    ],
)
def test_it_is_refused_to_load(venue, asked, message):
    with pytest.raises(RulebookError) as refusal:
        load_rulebook(venue, **asked)

    assert message == str(refusal.value)


def test_a_moment_without_time_zone_is_refused():
    with pytest.raises(UsageError) as refusal:
        load_rulebook("binance-usdm", at=datetime(2025, 10, 10, 21))  # noqa: DTZ001

    assert "at is 2025-10-10 21:00:00, which does not say its time zone" == str(refusal.value)


def test_the_same_edition_is_read_once():
    assert load_rulebook("binance-usdm") is load_rulebook("binance-usdm", edition=DATES[-1])


def test_hashes_tell_editions_apart():
    hashes = {load_rulebook("binance-usdm", edition=day).sha256 for day in DATES}

    assert (6, {64}) == (len(hashes), {len(text) for text in hashes})


@pytest.mark.parametrize(
    ("symbol", "dates"),
    [
        pytest.param("BTCUSDT", DATES, id="a symbol of all editions"),
        pytest.param("BTCBUSD", DATES[:3], id="a symbol that was delisted"),
        pytest.param("BTCUSDT_220624", DATES[:1], id="a future that expired"),
        pytest.param("USDT", (), id="an asset is not a symbol"),
        pytest.param("btcusdt", (), id="letters count"),
    ],
)
def test_editions_that_know_a_symbol(symbol, dates):
    assert dates == tuple(map(str, editions_with("binance-usdm", symbol)))


def test_a_file_is_an_edition_by_its_name():
    assert (date(2024, 2, 29), None) == (
        edition_date("2024-02-29.toml"),
        edition_date("rules.toml"),
    )


def test_a_file_named_for_no_day_is_refused():
    with pytest.raises(RulebookError) as refusal:
        edition_date("2023-02-29.toml")

    assert "2023-02-29.toml is named for a day that does not exist" == str(refusal.value)
