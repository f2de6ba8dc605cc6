import pytest

from crossmargin.report.headline import headline, market_move, verdict
from crossmargin.report.summary import (
    AssetSummary,
    Low,
    ModeSummary,
    Outcome,
    SymbolSummary,
    UnitSummary,
    summarise,
)
from tests.unit.report.stories import MINUTE, T0, dec, fall


def unit(name, *, at=None, buffer="500", is_pool=False):
    at_ms = None if at is None else T0 + at * MINUTE
    low = Low(dec(buffer), T0)
    return UnitSummary(name, "USDT", is_pool, low, Low(dec("0.5"), T0), at_ms, None)


def mode(outcome, end, *units, name="cross", start="10000", **rest):
    amount = None if end is None else dec(end)
    fields = {
        "flows": (),
        "liquidations": (),
        "reductions": 0,
        "unknown_ms": 0,
        "missing_at_end": (),
        "open_at_end": (),
        "decisions": 0,
    }
    asset = AssetSummary("USDT", dec(start), amount, None)
    return ModeSummary(
        name=name, outcome=outcome, assets=(asset,), units=units, **{**fields, **rest}
    )


def pool(**fields):
    return unit("USDT", is_pool=True, **fields)


ABC = ("AUSDT", "BUSDT", "CUSDT")


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            mode(Outcome.SURVIVED, "7432.1", pool()),
            "Cross: survived, 7,432 of 10,000 USDT left; at the closest, on 10 Oct 2025 20:00 UTC, "
            "500 USDT of buffer was left.",
        ),
        (
            mode(Outcome.SURVIVED, "12000", pool()),
            "Cross: survived, 10,000 USDT became 12,000 USDT; at the closest, on "
            "10 Oct 2025 20:00 UTC, 500 USDT of buffer was left.",
        ),
        (
            mode(Outcome.SURVIVED, "10000"),
            "Cross: survived, nothing was at stake; 10,000 of 10,000 USDT left.",
        ),
        (
            mode(Outcome.SURVIVED, "9000", pool(), unknown_ms=7_500_000),
            "Cross: survived, 9,000 of 10,000 USDT left; at the closest, on 10 Oct 2025 20:00 UTC, "
            "500 USDT of buffer was left. For 2 h 5 min its health was unknown for lack of a price "
            "or margin tier.",
        ),
        (
            mode(Outcome.LIQUIDATED, "0", pool(at=80)),
            "Cross: liquidated on 10 Oct 2025 21:20 UTC, all 10,000 USDT gone.",
        ),
        (
            mode(Outcome.PARTLY, "25.5", pool(at=80)),
            "Cross: liquidated on 10 Oct 2025 21:20 UTC; 25.50 of 10,000 USDT left.",
        ),
        (
            mode(Outcome.PARTLY, "4009", *(unit(s, at=n) for n, s in enumerate(ABC)), name="own"),
            "Own: three buckets gone by 10 Oct 2025 20:02 UTC, 4,009 of 10,000 USDT left.",
        ),
        (
            mode(Outcome.PARTLY, "6000", unit("AUSDT", at=1), unit("BUSDT")),
            "Cross: one of two buckets (AUSDT) gone on 10 Oct 2025 20:01 UTC, "
            "6,000 of 10,000 USDT left.",
        ),
        (
            mode(Outcome.PARTLY, "100", pool(at=2), unit("AUSDT", at=1), unit("BUSDT")),
            "Cross: the USDT pool and one of two buckets (AUSDT) gone by 10 Oct 2025 20:02 UTC, "
            "100 of 10,000 USDT left.",
        ),
        (
            mode(Outcome.UNKNOWN, None, pool(), unknown_ms=3_600_000, missing_at_end=("AUSDT",)),
            "Cross: not liquidated while prices were known; what is left at the end is unknown, "
            "because AUSDT has no price then (1 h without).",
        ),
        (
            mode(Outcome.UNKNOWN, None, unit("AUSDT", at=1), unit("B"), missing_at_end=("B",)),
            "Cross: the AUSDT bucket liquidated from 10 Oct 2025 20:01 UTC; what is left at the "
            "end is unknown, because B has no price then.",
        ),
    ],
)
def test_a_headline_says_who_lived_and_what_is_left(found, sentence):
    assert sentence == headline(found)


def test_a_position_that_was_only_cut_back_is_not_called_closed():
    events = summarise(fall()).modes[1].liquidations
    reduced = mode(Outcome.REDUCED, "3000", pool(), liquidations=events, reductions=2)

    assert (
        "Cross: cut back by liquidation two times, first on 10 Oct 2025 20:02 UTC, but not closed; "
        "3,000 of 10,000 USDT left." == headline(reduced)
    )


@pytest.mark.parametrize(
    ("end", "lives_to", "other_end", "other_lives_to", "sentence"),
    [
        ("0", 80, "4009", 20, "Cross held out 1 h longer, and lost 4,009 USDT more."),
        ("50", 80, "0", 20, "Cross held out 1 h longer, and lost 50.00 USDT less."),
        ("0", 80, "0", 20, "Cross held out 1 h longer; both end with the same money."),
        ("0", 20, "9", 80, "Isolated held out 1 h longer, and lost 9.00 USDT less."),
        ("9", None, "5", 3, "Cross lived through what isolated did not, and ends 4.00 USDT ahead."),
        (
            "5",
            None,
            "9",
            3,
            "Cross lived through what isolated did not, and ends 4.00 USDT behind.",
        ),
        (
            "5",
            3,
            "5",
            None,
            "Isolated lived through what cross did not; both end with the same money.",
        ),
        ("9", None, "5", None, "Cross ends 4.00 USDT ahead of isolated."),
        ("5", 3, "9", 3, "Isolated ends 4.00 USDT ahead of cross."),
        ("5", None, "5", None, "Both end with the same money."),
        ("5", None, None, None, ""),
    ],
)
def test_the_verdict_says_who_lived_longer_and_who_kept_more(
    end, lives_to, other_end, other_lives_to, sentence
):
    one = mode(Outcome.PARTLY, end, pool(at=lives_to))
    other = mode(Outcome.PARTLY, other_end, pool(at=other_lives_to), name="isolated")

    assert sentence == verdict((one, other))


def test_a_single_mode_has_no_verdict():
    assert "" == verdict((mode(Outcome.SURVIVED, "5", pool()),))


def test_the_market_is_told_from_extreme_to_extreme():
    def moved(symbol, low, low_at, high, high_at):
        return SymbolSummary(symbol, dec("1"), None, Low(dec(low), low_at), Low(dec(high), high_at))

    fell, rose = moved("A", "80", 5, "100", 1), moved("B", "100", 1, "150", 5)
    still = moved("C", "7", 1, "7", 1)

    assert "Between their extremes A fell 20.0 % and B rose 50.0 %." == market_move(
        (fell, rose, still)
    )
    assert "" == market_move((still,))
    assert market_move((fell,) * 6).endswith("and two more symbols moved too.")


def test_a_mode_is_gone_only_when_its_last_position_is():
    one = mode(Outcome.PARTLY, "5", pool(at=80))
    open_still = mode(
        Outcome.PARTLY, "9", unit("A", at=3), unit("B"), name="isolated", open_at_end=("B",)
    )
    gone_later = mode(Outcome.PARTLY, "9", unit("A", at=3), unit("B", at=90), name="isolated")

    assert verdict((one, open_still)).startswith("Isolated lived through what cross did not")
    assert verdict((one, gone_later)).startswith("Isolated held out 10 min longer")
