"""Two small venues to make editions for: one that counts notional, one that counts contracts."""

from datetime import date

from crossmargin.live.records import Fetched
from crossmargin.rulebooks.files import DataFile
from crossmargin.rulebooks.loader import EditionFiles

DAY = date(2026, 3, 1)

RULES = """
schema = 1
venue = "acme"
assets_modes = ["single", "multi"]
ratio_convention = "maintenance-over-equity"
leverage = { default = 20, source = "page" }
tiers = { is_floor_included = false, source = "page" }
orders = { assumed_price = "order", market_buffer = 0.0005, source = "page" }

[fees]
maker = 0.0002
taker = 0.0005
liquidation = 0.01
source = "page"
assumption = "Fees are from a page."

[[contracts]]
payoff = "linear"
multiplier = 1
perpetual = "{base}{settle}"
source = "page"

[funding]
interval_hours = 8
interest_rate = 0.0001
damper = 0.0005
cap_multiple = 0.75
source = "page"

[liquidation]
is_trigger_strict = false
steps = ["cancel-orders", "take-over"]
first_position = "largest-loss"
source = "page"

[switches]
source = "page"
rules = []

[instruments.BTCUSDT]
tick = 0.1
lot = 0.001
source = "page"

[collateral.BTC]
bid_buffer = 0.05
ask_buffer = 0.06
source = "page"

[collateral.USDT]
is_stable = true
bid_buffer = 0
ask_buffer = 0
source = { bid_buffer = "page", ask_buffer = "guess" }
assumption = "USDT: debts are assumed to cost nothing on top."

[sources.page]
what = "A page"
address = "https://acme.example/rules"
read_on = 2024-01-02
confidence = "official"

[sources.guess]
what = "Not said"
address = "none"
read_on = 2024-01-02
confidence = "assumed"
"""

LAST = """
schema = 1
edition = 2024-01-01
source = "page"
assumptions = ["The ladder of ETHUSDT is old."]

[[ladder]]
settle = "USDT"
tiers = "0 0.5% 100x | 50k 1% 50x | 1M"
symbols = "BTCUSDT ETHUSDT"

[[ladder]]
settle = "USDT"
tiers = "0 1% 50x"
symbols = "OLDUSDT"
"""


def acme(rules: str = RULES, last: str = LAST) -> EditionFiles:
    """Return the venue's rules and its last edition."""
    return EditionFiles(
        DataFile("acme/rules.toml", rules.encode()),
        DataFile("acme/2024-01-01.toml", last.encode()),
    )


def fetched(ladders=None, fees=None, haircuts=None) -> Fetched:
    """Return what a run fetched from the venue."""
    return Fetched("acme", "https://api.acme.example", "ccxt 0", ladders, fees, haircuts, ())
