"""What an edition is made of: what was fetched, and of the rest what the last one says."""

import pytest

from crossmargin.live import client
from crossmargin.live.draft import draft
from crossmargin.live.records import FeeRates, Haircut, Ladder, Rung
from crossmargin.live.tables import fetch
from crossmargin.rulebooks.assemble import rulebook_from
from crossmargin.rulebooks.files import DataFile, EditionFile, read
from crossmargin.rulebooks.ladder import slices_of, tiers_of
from crossmargin.rulebooks.loader import EditionFiles
from tests.toys import D
from tests.unit.live import replies, server
from tests.unit.live.samples import DAY, LAST, RULES, acme, fetched

KEY = "acme-2026-03-01"


def ladder(symbol, text, cap=None, settle="USDT", **other):
    """Return a ladder; a tier is floor, rate, leverage."""
    rungs = [Rung(*(D(word) for word in tier.split())) for tier in text.split("|")]
    return Ladder(symbol, settle, tuple(rungs), cap and D(cap), **other)


BTC = ladder("BTCUSDT", "0 0.004 125|50000 0.005 100", "600000", tick=D("0.1"), lot=D("0.001"))
ETH = ladder("ETHUSDT", "0 0.004 125|50000 0.005 100", "600000", tick=D("0.01"), lot=D("0.01"))


def made(found, files=None):
    """Return the draft, its file as a record, and the rulebook it makes."""
    files = files or acme()
    drafted = draft(found, files, DAY)
    file = DataFile(f"acme/{DAY}.toml", drafted.content)
    return drafted, read(file, EditionFile), rulebook_from(files.rules, file)


def test_fetched_ladders_replace_all_and_equal_ones_are_written_once():
    drafted, file, book = made(fetched((BTC, ETH)))

    assert ({}, ()) == (drafted.refused, drafted.foreign)
    assert [("USDT", "0 0.4% 125x | 50k 0.5% 100x | 600k", "BTCUSDT ETHUSDT")] == [
        (one.settle, one.tiers, one.symbols) for one in file.ladder
    ]
    # OLDUSDT is no longer listed, and the sentence about the ladder that went is gone too.
    assert {"BTCUSDT", "ETHUSDT"} == book.contracts.keys()
    assert () == book.assumptions
    assert (KEY, "https://api.acme.example") == (file.source, book.sources[KEY].address)


def test_ticks_that_are_known_already_are_not_repeated():
    _, file, book = made(fetched((BTC, ETH)))

    assert {"ETHUSDT"} == file.instruments.keys()
    assert D("0.01") == book.contracts["ETHUSDT"].instrument.tick
    assert D("0.1") == book.contracts["BTCUSDT"].instrument.tick


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        pytest.param(
            ladder("ETHUSDT", "0 0.01 50|50000 0.005 50"),
            "rate 0.005 must be at least 0.01",
            id="rates that fall",
        ),
        pytest.param(
            ladder("ETHUSDT", "0 0.01 50|50000 0.02 60"),
            "must be at most 1 / 60",
            id="a rate above the initial rate",
        ),
        pytest.param(
            ladder("ETHUSDT", "0 0.01 20|50000 0.02 25"),
            "leverage 25 must be at most 20",
            id="leverage that rises",
        ),
        pytest.param(
            ladder("ETHUSDT", "0 0.01 50|0 0.02 25"), "floors must rise strictly", id="equal floors"
        ),
        pytest.param(
            ladder("ETHUSDT", "10 0.01 50"), "the first tier must have floor 0", id="no first tier"
        ),
        pytest.param(
            ladder("ETHUSDT", "0 0.01 50|50000 0.02 25", "50000"),
            "cap 50000 must be above 50000",
            id="a cap on a floor",
        ),
        pytest.param(
            Ladder("ETHUSDT", "USDT", ()), "the venue lists no tiers of it", id="no tiers"
        ),
        pytest.param(
            Ladder("ETHUSDT", "USDT", (Rung(D(0), D("0.01")),)),
            "the tier from 0 has neither leverage nor initial rate",
            id="nothing about opening",
        ),
        pytest.param(
            # 50,000 × (0.02 − 0.01) = 500.
            Ladder(
                "ETHUSDT",
                "USDT",
                (Rung(D(0), D("0.01"), D(50)), Rung(D(50000), D("0.02"), D(25), None, D(499))),
            ),
            "the venue prints the deduction 499 from 50000 on, where 500 would let the tiers meet",
            id="a deduction that does not follow",
        ),
        pytest.param(
            ladder("ETHUSDT", "0 0.01 50", unit="size"),
            "its floors are a size, those of this rulebook a notional",
            id="another unit",
        ),
    ],
)
def test_a_ladder_is_refused_by_name_and_the_last_one_stays(bad, why):
    drafted, file, book = made(fetched((BTC, bad)))

    assert {"ETHUSDT"} == drafted.refused.keys()
    assert why in drafted.refused["ETHUSDT"]
    assert tiers_of("0 0.5% 100x | 50k 1% 50x | 1M") == book.contracts["ETHUSDT"].tiers
    assert tiers_of("0 0.4% 125x | 50k 0.5% 100x | 600k") == book.contracts["BTCUSDT"].tiers
    assert (
        "The venue published no ladders of ETHUSDT that a rulebook can hold: "
        "those of 2024-01-01 are used.",
    ) == file.assumptions


def test_what_is_no_contract_of_the_rulebook_is_counted_and_not_refused():
    other = ladder("BTC_PERP", "0 0.01 50", settle="USDC")
    unreadable = Ladder("BTC-27MAR26-C", "USDC", ())
    drafted, _, book = made(fetched((BTC, other, unreadable)))

    assert ({}, ("BTC-27MAR26-C", "BTC_PERP")) == (drafted.refused, drafted.foreign)
    assert {"BTCUSDT"} == book.contracts.keys()


def test_one_symbol_that_does_not_fit_does_not_take_its_group_along():
    twin = ladder("BTC-PERP", "0 0.004 125|50000 0.005 100", "600000")
    drafted, _, book = made(fetched((BTC, twin, ETH)))

    assert (("BTC-PERP",), {"BTCUSDT", "ETHUSDT"}) == (drafted.foreign, set(book.contracts))


@pytest.mark.parametrize(
    ("rung", "text"),
    [
        pytest.param(Rung(D(0), D("0.01"), D(50), D("0.02")), "0 1% 50x", id="whole leverage"),
        pytest.param(
            Rung(D(0), D("0.005"), D(75), D("0.0133")), "0 0.5% 75x", id="a rounded initial rate"
        ),
        pytest.param(
            Rung(D(0), D("0.02"), D("33.33"), D("0.03")), "0 2% 3%", id="a rounded leverage"
        ),
        pytest.param(
            Rung(D(0), D("0.01"), None, D("0.02")), "0 1% 50x", id="an initial rate alone"
        ),
        pytest.param(
            Rung(D(0), D("0.01"), D("33.33")), "0 1% 33.33x", id="a broken leverage alone"
        ),
    ],
)
def test_the_top_of_a_tier_is_leverage_where_that_is_exact(rung, text):
    _, file, _ = made(fetched((Ladder("BTCUSDT", "USDT", (rung,)),)))

    assert text == file.ladder[0].tiers


def test_floors_in_contracts_and_multipliers_are_kept_for_a_venue_that_counts_so():
    rules = RULES.replace("tiers = { is", 'tiers = { unit = "size", is_whole_position = true, is')
    one = ladder("BTCUSDT", "0 0.01 50|50 0.02 25", "90", unit="size", multiplier=D("0.01"))
    _, _, book = made(fetched((one,)), acme(rules))
    contract = book.contracts["BTCUSDT"]

    assert D("0.01") == contract.instrument.multiplier
    assert contract.tiers.is_by_size
    # The rate holds for the whole position: nothing is deducted.
    assert [D(0), D(0)] == [piece.deduction for piece in contract.tiers.pieces]


def test_where_replies_name_no_settle_asset_it_is_the_rulebook_s_only_one():
    nameless = ladder("BTCUSDT", "0 0.01 50", settle=None)
    two = LAST + '\n[[ladder]]\nsettle = "USDC"\ntiers = "0 1% 50x"\nsymbols = "BTCUSDC"\n'

    assert "USDT" == made(fetched((nameless,)))[2].contracts["BTCUSDT"].instrument.settle
    refused = made(fetched((BTC, ladder("ETHUSDT", "0 0.01 50", settle=None))), acme(last=two))[0]
    assert {
        "ETHUSDT": "the venue does not say which of ['USDC', 'USDT'] it settles in"
    } == refused.refused


def test_open_interest_caps_are_written():
    one = ladder("BTCUSDT", "0 0.01 50", open_interest_caps=(D(40_000_000), D(100_000_000)))
    caps = made(fetched((one,)))[2].contracts["BTCUSDT"].open_interest

    assert (D(40_000_000), D(100_000_000)) == (caps.lower, caps.upper)


def test_without_ladders_those_of_the_last_edition_stay_with_their_source():
    drafted, file, book = made(fetched(fees=FeeRates(D("0.0001"))))

    assert read(acme().edition, EditionFile).ladder == file.ladder
    assert "page" == file.source
    assert (
        "The ladder of ETHUSDT is old.",
        "Margin tiers are those of 2024-01-01: they could not be fetched.",
    ) == book.assumptions
    assert {} == drafted.refused


def test_a_fee_that_was_not_fetched_keeps_value_and_source():
    _, file, book = made(fetched(fees=FeeRates(D("-0.0001"), D("0.0004"), None, "Some differ.")))

    assert (D("-0.0001"), D("0.0004"), D("0.01")) == (
        book.fees.maker,
        book.fees.taker,
        book.fees.liquidation,
    )
    assert {"maker": KEY, "taker": KEY, "liquidation": "page"} == file.fees.source
    assert (
        "Some differ. Only the maker and taker fee was fetched; before, it said: "
        "Fees are from a page." == file.fees.assumption
    )


def test_of_fees_that_were_all_fetched_nothing_is_assumed_any_more():
    _, file, _ = made(fetched(fees=FeeRates(D("0.0001"), D("0.0004"), D("0.01"))))

    assert (KEY, None) == (file.fees.source, file.fees.assumption)


def test_a_fee_out_of_bounds_is_refused():
    drafted, file, book = made(fetched(fees=FeeRates(taker=D("0.5"))))

    assert {"fees": "fees.taker is 0.5, must be in [0, 0.1)"} == drafted.refused
    assert file.fees is None
    assert D("0.0005") == book.fees.taker


def test_haircuts_are_flat_or_in_slices_and_what_debts_cost_stays():
    haircuts = (
        Haircut("BTC", ((D(0), D("0.98")), (D(20), D("0.9775")), (D(25), D(0)))),
        Haircut("USDT", ((D(0), D("0.99")),)),
        Haircut("NEW", ((D(0), D(0)),)),
        Haircut("ODD", ((D(0), D("0.5")), (D(1), D("0.6")))),
    )
    drafted, file, book = made(fetched(haircuts=haircuts))

    assert {"ODD"} == drafted.refused.keys()
    assert "rate 0.6 must be at most 0.5" in drafted.refused["ODD"]
    assert slices_of("0 98% | 20 97.75% | 25 0%")[0] == book.collateral["BTC"].slices
    assert D("0.06") == book.collateral["BTC"].ask_buffer
    assert (D("0.01"), True) == (
        book.collateral["USDT"].bid_buffer,
        book.collateral["USDT"].is_stable,
    )
    assert D(1) == book.collateral["NEW"].bid_buffer
    # Debts of USDT are still a guess, and said to be one.
    assert "guess" == file.collateral["USDT"].source["ask_buffer"]
    assert book.collateral["USDT"].assumption
    assert "ODD" not in book.collateral


def test_what_an_edition_replaced_stays_replaced():
    last = LAST.replace(
        "[[ladder]]",
        '[fees]\nmaker = 0.0003\ntaker = 0.0007\nliquidation = 0.02\nsource = "page"\n\n[[ladder]]',
        1,
    )
    _, file, book = made(fetched((BTC,)), acme(last=last))

    assert (D("0.0007"), "page") == (book.fees.taker, file.fees.source)


def test_the_draft_of_a_draft_is_as_good():
    first, _, book = made(fetched((BTC, ETH), FeeRates(D(0)), (Haircut("BTC", ((D(0), D(1)),)),)))
    again = draft(
        fetched((BTC, ETH)),
        acme()._replace(edition=DataFile(f"acme/{DAY}.toml", first.content)),
        DAY.replace(day=2),
    )
    later = rulebook_from(acme().rules, DataFile("acme/2026-03-02.toml", again.content))

    assert book.contracts == later.contracts
    assert (book.fees, book.collateral) == (later.fees, later.collateral)


OKX_RULES = (
    RULES.replace('"acme"', '"okx"')
    .replace('"{base}{settle}"', '"{base}-{settle}-SWAP"\nfuture = "{base}-{settle}-{yymmdd}"')
    .replace("tiers = { is", 'tiers = { unit = "size", is_whole_position = true, is')
)
OKX_LAST = LAST.replace("BTCUSDT", "BTC-USDT-SWAP").replace("ETHUSDT", "ETH-USDT-SWAP")


def test_replies_of_a_venue_become_an_edition(monkeypatch):
    monkeypatch.setattr(client, "IS_PACED", False)
    rules = DataFile("okx/rules.toml", OKX_RULES.encode())
    base = EditionFiles(rules, DataFile("okx/2024-01-01.toml", OKX_LAST.encode()))
    with server.serving(replies.OKX) as there:
        drafted = draft(fetch("okx", url=there.url), base, DAY)
    book = rulebook_from(rules, DataFile(f"okx/{DAY}.toml", drafted.content))
    future = book.contracts["BTC-USDT-270326"]

    assert ("BTC-USD-SWAP",) == drafted.foreign
    assert {"ETH-USDT-SWAP": "rate 0.003 must be at least 0.004"} == drafted.refused
    assert {"BTC-USDT-SWAP", "BTC-USDT-270326", "ETH-USDT-SWAP"} == set(book.contracts)
    # A family's tiers: floors are contracts of 0.01 BTC, and a rate holds for all of a position.
    assert (
        tiers_of("0 0.4% 100x | 5k 0.5% 75x | 8k", is_whole_position=True, is_by_size=True)
        == future.tiers
    )
    assert D("0.01") == future.instrument.multiplier
    assert slices_of("0 98% | 20 97.75% | 25 0%")[0] == book.collateral["BTC"].slices
    # Asked of another address than the venue's own: not official.
    assert "community" == book.sources[f"okx-{DAY}"].confidence
