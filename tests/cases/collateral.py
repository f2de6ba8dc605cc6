"""Cases about collateral: rates with buffers, haircuts, and accounts of several assets."""

from decimal import Decimal

from crossmargin.margin.assess import assess
from crossmargin.margin.collateral import available, exchange_rates, rates, worth
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.schema import Collateral
from crossmargin.venue.auto_exchange import Holding, collateral_sold
from tests.cases import positions
from tests.cases.accounts import Held, held, parts, refuse_without_ladder, stand_in
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape, canonical

INDEX, WALLET = r"(?:asset_)?index(?:_price)?", r"(?:cross_)?wallet(?:_balance)?|balance"
PROFIT = r"upnl|unreali[sz]ed_(?:pnl|profit)"
MAINTENANCE, INITIAL = r"maintenance_margin|maint_margin|mm", r"initial_margin|im"
RATES = ["bid_rate", "ask_rate", "auto_exchange_bid_rate", "auto_exchange_ask_rate"]


def _by_asset(inputs: Inputs, names: str) -> dict[str, Decimal]:
    # Numbers whose key is one of `names` with an asset before or after it.
    found = {}
    for match, key in list(inputs.matching(rf"(?:{names})_([a-z0-9]+)", is_raw=True)):
        found[match[1].upper()] = inputs.at(key)
    for match, key in list(inputs.matching(rf"([a-z0-9]+)_(?:{names})", is_raw=True)):
        found[match[1].upper()] = inputs.at(key)
    return found


def _rates(index: Decimal, asset: Collateral) -> dict[str, Decimal]:
    usual, exchange = rates(index, asset), exchange_rates(index, asset)
    found = dict(zip(RATES, (usual.bid, usual.ask), strict=False))
    if exchange is not None:
        found |= dict(zip(RATES[2:], (exchange.bid, exchange.ask), strict=True))
    return found


@exact
def buffers(case: Case, inputs: Inputs) -> Answer:
    """Return the rates of one asset, and what a balance of it is worth."""
    if not inputs.has("bid_buffer"):
        return account(case, inputs)
    inputs.value("symbol", None)
    asset = Collateral(
        inputs.number("bid_buffer"),
        inputs.number("ask_buffer"),
        exchange_bid_buffer=inputs.number("auto_exchange_bid_buffer", None),
        exchange_ask_buffer=inputs.number("auto_exchange_ask_buffer", None),
    )
    index = inputs.number("index")
    answers: dict[str, object] = dict(_rates(index, asset))
    if inputs.has("wallet_balance"):
        value = worth(inputs.number("wallet_balance"), rates(index, asset))
        answers |= dict.fromkeys(("equity", "value", "margin_value"), value)
    return _answer_from(answers)


@exact
def haircut(_case: Case, inputs: Inputs) -> Answer:
    """Return what market values, or amounts at a price, count for after their haircut."""
    ratios = _by_asset(inputs, "collateral_ratio|collateral_rate|conversion_factor")
    ratios |= {a: ONE - cut for a, cut in _by_asset(inputs, "haircut").items()}
    values = _by_asset(inputs, "market_value_usdt|market_value_usd|market_value|value_usd|value")
    amounts = _by_asset(inputs, f"amount|quantity|qty|{WALLET}")
    prices = _by_asset(inputs, f"price_usd|price|{INDEX}(?:_usd)?")
    if not ratios and inputs.has("collateral_ratio"):
        ratios[""] = inputs.number("collateral_ratio")
        values[""] = inputs.number("market_value")
    if not ratios:
        raise UnknownShape(f"no collateral_ratio among {', '.join(sorted(inputs.values))}")
    answers: dict[str, object] = {}
    collateral = {asset: Collateral(ONE - ratio, ZERO) for asset, ratio in ratios.items()}
    balances, index = {}, {}
    for asset in ratios:
        balances[asset] = values[asset] if asset in values else amounts[asset]
        index[asset] = ONE if asset in values else prices[asset]
        name = f"{asset.lower()}_margin_value".lstrip("_")
        answers[name] = worth(balances[asset], rates(index[asset], collateral[asset]))
    whole = parts(_case, [], balances, index=index, collateral=collateral, is_multi=True)
    pool = assess(*whole).pool
    answers |= dict.fromkeys(("total_margin_value", "equity"), pool.health and pool.health.equity)
    return _answer_from(answers)


@exact
def auto_exchange(_case: Case, inputs: Inputs) -> Answer:
    """Return what a debt above the threshold is paid with, in collateral of one asset."""
    ((_, balance),) = _by_asset(inputs, "negative_balance").items()
    rate, threshold = inputs.number("conversion_factor"), inputs.number("auto_exchange_threshold")
    sold = ZERO
    if balance < threshold:
        # Counted in units worth one USD, of which there are enough.
        holding = Holding(-balance / rate + ONE, ONE, rate)
        sold = collateral_sold(-balance, {"": holding})[""]
    return _answer_from({"collateral_sold_usd_value": sold, "collateral_sold": sold})


@exact
def account(case: Case, inputs: Inputs) -> Answer:
    """Return the answers about an account: of several assets in one pool, where rates are given."""
    if not list(inputs.matching(r"\w*bid_buffer\w*", is_raw=True)):
        return positions.account(case, inputs)
    bids, asks = _by_asset(inputs, "bid_buffer"), _by_asset(inputs, "ask_buffer")
    exchange_bids = _by_asset(inputs, "auto_exchange_bid_buffer")
    exchange_asks = _by_asset(inputs, "auto_exchange_ask_buffer")
    collateral = {
        asset: Collateral(
            bids.get(asset, ZERO),
            asks.get(asset, ZERO),
            exchange_bid_buffer=exchange_bids.get(asset),
            exchange_ask_buffer=exchange_asks.get(asset),
        )
        for asset in {**bids, **asks}
    }
    index = _by_asset(inputs, INDEX)
    found = [*held(case, inputs), *_sums(inputs, list(collateral))]
    wallets = {**dict.fromkeys(collateral, ZERO), **_by_asset(inputs, WALLET)}
    whole = parts(case, found, wallets, index=index, collateral=collateral, is_multi=True)
    assessment = assess(*whole)
    pool = assessment.pool
    health, free = pool.health, pool.free_margin
    if health is None or free is None:
        raise UnknownShape(f"missing: {', '.join(assessment.missing)}")
    inputs.value("assets_mode", None)
    answers: dict[str, object] = {
        "equity": health.equity,
        "account_maintenance_margin": health.maintenance_margin,
        "account_initial_margin": health.initial_margin,
        "maintenance_margin": health.maintenance_margin,
        "initial_margin": health.initial_margin,
        "margin_ratio": health.fraction(),
        "buffer": health.buffer,
        "uni_available_for_order": free,
        "available_for_order": free,
    }
    for asset, terms in collateral.items():
        name = asset.lower()
        answers |= {f"{name}_{key}": rate for key, rate in _rates(index[asset], terms).items()}
        answers[f"{name}_available_for_order"] = available(free, rates(index[asset], terms))
    for one in assessment.positions:
        for key in ("notional", "unrealised_pnl", "initial_margin", "maintenance_margin"):
            answers[f"{one.symbol.lower()}_{key}"] = getattr(one, key)
    answer_any = _answer_from(answers)

    def answer(key: str) -> object:
        for name in (key, canonical(key, frozenset()), key.partition("_")[2]):
            refuse_without_ladder(name, found)
        return answer_any(key)

    return answer


def _sums(inputs: Inputs, assets: list[str]) -> list[Held]:
    pnl, maintenance, initial = (
        _by_asset(inputs, names) for names in (PROFIT, MAINTENANCE, INITIAL)
    )
    found = []
    for asset in assets:
        sums = (pnl.get(asset, ZERO), maintenance.get(asset, ZERO), initial.get(asset, ZERO))
        if any(sums):
            found += stand_in(asset, asset, pnl=sums[0], maintenance=sums[1], initial=sums[2])
    return found


def _answer_from(answers: dict[str, object]) -> Answer:
    def answer(key: str) -> object:
        for name in (key, canonical(key, frozenset())):
            if name in answers:
                return answers[name]
        asset, _, rest = key.partition("_")
        if f"{asset}_{canonical(rest, frozenset())}" in answers:
            return answers[f"{asset}_{canonical(rest, frozenset())}"]
        raise Unanswered(key)

    return answer
