"""Story files: read whole, or refused in one sentence that says where, what and why."""

from decimal import Decimal

import pytest

from crossmargin.errors import UsageError
from crossmargin.files.story import offset_ms, parse_story, read_story
from crossmargin.files.story_tables import Mark
from crossmargin.model.order import OrderType
from crossmargin.venue.command import CancelAll, CancelOrder, Deposit, PlaceOrder

D = Decimal
STORY = """
schema = 1
venue = "binance-usdm"
at = "2026-10-10T21:00:00Z"

[fees]
taker = 0.001

[marks]
BTCUSDT = "100000"

[[accounts]]
name = "alice"
balances = { USDT = 1000 }

[[accounts.positions]]
symbol = "BTCUSDT"
size = "0.1"

[[step]]
at = "00:00:01"
do = "mark"
symbol = "BTCUSDT"
price = 99000.10

[[step]]
at = "00:00:02.5"
do = "order"
account = "alice"
symbol = "BTCUSDT"
size = "-0.1"

[[expect]]
at = "00:00:02"
path = "accounts.alice.status"
value = "ok"
"""
START_MS = 1_791_666_000_000  # 2026-10-10T21:00:00Z


def with_step(line: str) -> str:
    return f'{STORY}\n[[step]]\nat = "00:00:03"\n{line}\n'


def test_a_story_is_read_exactly():
    story = parse_story(STORY, "story")

    assert START_MS == story.start_ms
    assert D("0.001") == story.rulebook.fees.taker
    assert D("0.0002") == story.rulebook.fees.maker
    assert (Mark(at_ms=START_MS + 1000, symbol="BTCUSDT", price=D("99000.10"))) == story.steps[0]
    assert START_MS + 2000 == story.expects[0].at_ms


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ('do = "cancel"\naccount = "alice"', CancelAll),
        ('do = "cancel"\naccount = "alice"\norder_client_id = "a"', CancelOrder),
        ('do = "deposit"\naccount = "alice"\nasset = "USDT"\namount = 1', Deposit),
    ],
)
def test_steps_are_the_venues_commands(line, command):
    assert isinstance(parse_story(with_step(line), "story").steps[-1], command)


@pytest.mark.parametrize(
    ("price", "kind"), [("", OrderType.MARKET), ("price = 1", OrderType.LIMIT)]
)
def test_an_order_without_a_price_is_a_market_order(price, kind):
    line = f'do = "order"\naccount = "alice"\nsymbol = "BTCUSDT"\nsize = 1\n{price}'
    order = parse_story(with_step(line), "story").steps[-1]

    assert isinstance(order, PlaceOrder)
    assert kind is order.type


def test_other_fees_are_another_rulebook():
    one, other = (parse_story(STORY.replace("0.001", fee), "s") for fee in ("0.001", "0.002"))

    assert one.rulebook.sha256 != other.rulebook.sha256


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ("", "story: is empty"),
        ("schema = 1", "story: missing key venue"),
        (STORY.replace("schema = 1", "schema = 2"), "story: schema: 2 is not known here"),
        (STORY.replace('"100000"', '"0"'), "story: marks.BTCUSDT: must be above zero, not 0"),
        (STORY.replace('"100000"', '"x"'), "story: marks.BTCUSDT: is not a number"),
        (STORY.replace("USDT = 1000", 'USDT = "x"'), "story: accounts[0].balances.USDT: is no"),
        (
            with_step('do = "mark"\nprices = { BTCUSDT = 1, ETHUSDT = "x" }'),
            "story: step[2].prices.ETHUSDT: is not a number",
        ),
        (with_step('do = "mark"\nat_ms = 1'), "story: step[2].at_ms: unknown key"),
        (STORY.replace('"0.1"', "nan"), "story: accounts"),
        (
            STORY.replace("0.001", "0." + "1" * 19),
            "story: fees.taker: 0.1111111111111111111 has mor",
        ),
        (STORY.replace('BTCUSDT = "1', 'BTCUSD = "1'), "story: marks.BTCUSD: BTCUSD is not a"),
        (
            STORY.replace('"alice"\nbal', '"maker"\nbal'),
            "story: accounts[0].name: 'maker' is taken",
        ),
        (STORY.replace('"00:00:01"', '"1s"'), "story: step[0].at: '1s' is not a time since"),
        (STORY.replace('"00:00:01"', '"00:01:00"'), "story: step[1].at: is before the step above"),
        (STORY.replace('account = "alice"', 'account = "bob"'), "step[1].account: there is no acc"),
        (
            STORY.replace('do = "mark"', 'do = "dance"', 1),
            "story: step[0].do: unknown step 'dance'",
        ),
        (STORY.replace('do = "mark"', "do = 5", 1), "story: step[0].do: is missing, or no text"),
        ("seed = -1\n" + STORY, "story: seed: must not be negative, not -1"),
        *(
            (f"{STORY}\n[{table}]\n{line}\n", f"story: {said}")
            for table, line, said in (
                ("settings", 'adl_policy = "foo"', "settings.adl_policy: 'foo' is none of profit"),
                ("settings", "premium_sample_ms = 0", "settings.premium_sample_ms: must be above"),
                ("settings", "stale_ms = -1", "settings.stale_ms: must not be negative, not -1"),
                ("liquidity", "levels = 0", "liquidity.levels: must be above zero, not 0"),
                ("liquidity", 'spread = "-1"', "liquidity.spread: must not be negative, not -1"),
                ("assets.USDT", "move_ms = 0", "assets.USDT.move_ms: must be above zero, not 0"),
                ("filters.BTCUSD", 'tick = "1"', "filters.BTCUSD: BTCUSD is not a symbol"),
            )
        ),
        (STORY.replace('value = "ok"', "value = [1]"), "story: expect[0].value: must be a text"),
        (with_step('do = "mark"'), "story: step[2]: give either symbol and price, or prices"),
        (with_step('do = "tick"\nsoon = 1'), "unknown key"),
        (
            with_step('do = "edge"\naccount = "alice"\ndistance = 0\ndirection = "left"'),
            "step[2].direction: is down or up, not left",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(story, said):
    with pytest.raises(UsageError) as error:
        parse_story(story, "story")

    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_story(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "ms"),
    [("00:00:00", 0), ("01:02:03", 3_723_000), ("30:00:00.5", 108_000_500)],
)
def test_times_since_the_start(text, ms):
    assert ms == offset_ms(text, "at")
