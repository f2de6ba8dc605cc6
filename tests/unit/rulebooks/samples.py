"""A venue that does not exist, small enough to break one value at a time."""

from crossmargin.rulebooks.assemble import rulebook_from
from crossmargin.rulebooks.files import DataFile
from crossmargin.rulebooks.schema import Rulebook

RULES = """
schema = 1
venue = "acme"
assets_modes = ["single"]
ratio_convention = "maintenance-over-equity"
leverage = { default = 20, source = "page" }
tiers = { is_floor_included = false, source = "page" }
orders = { assumed_price = "order", market_buffer = 0.0005, source = "page" }
fees = { maker = 0.0002, taker = 0.0005, liquidation = 0.01, source = "page" }

[[contracts]]
payoff = "linear"
multiplier = 1
perpetual = "{base}{settle}"
future = "{base}{settle}_{yymmdd}"
source = "page"

[funding]
interval_hours = 8
interest_rate = 0.0001
damper = 0.0005
cap_multiple = 0.75
source = "page"
assumption = "Funding is assumed."

[liquidation]
is_trigger_strict = false
steps = ["cancel-orders", "take-over"]
first_position = "largest-loss"
source = { is_trigger_strict = "page", steps = "page", first_position = "page" }

[switches]
source = "page"
rules = [{ code = -1, change = "margin-mode", blocked_by = ["positions"], message = "No." }]

[instruments.BTCUSDT]
tick = 0.1
lot = 0.001
source = "page"

[collateral.BTC]
bid_buffer = 0.05
ask_buffer = 0.06
source = "page"

[sources.page]
what = "A page"
address = "https://acme.example/rules"
read_on = 2024-01-02
confidence = "official"
"""

EDITION = """
schema = 1
edition = 2024-01-01
source = "page"

[[ladder]]
settle = "USDT"
tiers = "0 0.5% 100x | 50k 1% 50x | 1M"
symbols = "BTCUSDT BTCUSDT_240329"

[[ladder]]
settle = "USDC"
tiers = "0 1% 50x"
symbols = "BTCUSDC"
"""


IN_RULES_FILE, IN_EDITION_FILE = "acme/rules.toml: ", "acme/2024-01-01.toml: "
"""How a complaint about either text begins."""


def broken(text: str, old: str, new: str) -> str:
    """Return `text` with `old`, which must be in it, replaced."""
    assert old in text
    return text.replace(old, new)


def acme(rules: str = RULES, edition: str = EDITION) -> Rulebook:
    """Return the rulebook that the two texts make."""
    return rulebook_from(
        DataFile("acme/rules.toml", rules.encode()),
        DataFile("acme/2024-01-01.toml", edition.encode()),
    )
