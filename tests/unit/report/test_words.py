import pytest

from crossmargin.report.receipts import readable
from crossmargin.report.words import (
    clock,
    count_of,
    duration,
    listed,
    moment,
    money,
    percent,
    price,
    rough,
    size,
)
from tests.unit.report.stories import T0, dec


@pytest.mark.parametrize(
    ("amount", "asset", "text"),
    [
        ("4009.1", "USDT", "4,009.10"),
        ("-1234567.891", "USDC", "−1,234,567.89"),
        ("0", "USDT", "0.00"),
        ("0.00051", "USDT", "0.00051"),
        ("-0.000000004", "USDT", "0.00"),
        ("0.31230001", "BTC", "0.31230001"),
        ("-0.5", "BTC", "−0.50000000"),
        ("0E-8", "BTC", "0"),
    ],
)
def test_money_has_two_places_in_dollars_and_eight_in_coins(amount, asset, text):
    assert text == money(dec(amount), asset)


def test_gains_and_losses_carry_their_sign():
    assert "+0.71" == money(dec("0.71"), "USDT", is_signed=True)
    assert "−0.71" == money(dec("-0.71"), "USDT", is_signed=True)
    assert "0.00" == money(dec("0"), "USDT", is_signed=True)
    assert "–" == money(None, "USDT")


@pytest.mark.parametrize(
    ("amount", "asset", "text"),
    [
        ("4009.1", "USDT", "4,009 USDT"),
        ("0", "USDT", "0 USDT"),
        ("99.1", "USDT", "99.10 USDT"),
        ("0.004", "USDT", "0.004 USDT"),
        ("0.31230001", "BTC", "0.3123 BTC"),
        ("0.00123456", "BTC", "0.001235 BTC"),
        ("3", "ETH", "3 ETH"),
    ],
)
def test_headlines_round_but_never_to_nothing(amount, asset, text):
    assert text == rough(dec(amount), asset)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("111067.15925877", "111,067.16"),
        ("199.80064437", "199.8006"),
        ("0.00001234567", "0.00001234567"),
        ("100", "100"),
        ("1000000", "1,000,000"),
    ],
)
def test_prices_have_about_seven_digits(amount, text):
    assert text == price(dec(amount))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("at 111067.15925877, 4.6 ETHUSDT", "at 111,067.16, 4.6 ETHUSDT"),
        ("took over 90 SOLUSDT at 199.80064437;", "took over 90 SOLUSDT at 199.8006;"),
        ("pays 4397 USDT", "pays 4,397 USDT"),
        ("1000000 1000SHIBUSDT on 2025-10-10", "1,000,000 1000SHIBUSDT on 2025-10-10"),
        ("gains 0.01093098 BTC", "gains 0.01093098 BTC"),
        ("BTCUSDT_251226 at 0.1234567", "BTCUSDT_251226 at 0.1234567"),
    ],
)
def test_numbers_in_sentences_are_made_readable(text, read):
    assert read == readable(text)


def test_moments_are_in_utc_and_spare_seconds():
    assert "10 Oct 2025 20:00 UTC" == moment(T0)
    assert "20:00:59" == clock(T0 + 59_999)


@pytest.mark.parametrize(
    ("span_ms", "text"),
    [
        (0, "a moment"),
        (1_500, "1 s"),
        (7_500_000, "2 h 5 min"),
        (90_061_000, "1 d 1 h"),
        (86_400_000 + 60_000, "1 d 1 min"),
    ],
)
def test_durations_have_two_units(span_ms, text):
    assert text == duration(span_ms)


def test_small_things():
    assert "−59.9 %" == percent(dec("-0.5992"))
    assert "+10.0 %" == percent(0.1, is_signed=True)
    assert "−1,500.25" == size(dec("-1500.2500"))
    assert "1,000" == size(dec("1E+3"))
    assert ("one bucket", "twelve buckets", "13 buckets") == tuple(
        count_of(number, "bucket") for number in (1, 12, 13)
    )
    assert ("", "a", "a and b", "a, b and c") == tuple(
        listed(list(words)) for words in ("", "a", "ab", "abc")
    )
