"""Random accounts of real contracts, as near to liquidation as a test wants them."""

from decimal import Decimal
from random import Random

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal
QUOTE_USD = {"USDT": 1, "USDC": 1, "USD": 1}


def contracts_of(venue):
    """Return the venue's rulebook and its linear perpetuals with a ladder that is known whole."""
    book = load_rulebook(venue)
    return book, [
        symbol
        for symbol, one in book.contracts.items()
        if one.instrument.kind.value == "linear-perpetual"
        and one.tiers is not None
        and one.tiers.known_to is None
        and one.open_interest is None
        and one.instrument.settle in QUOTE_USD
    ]


def portfolio(seed, count, venue="binance-usdm", health=(0.55, 0.95)):
    """Return an account of `count` positions whose health is in `health`, and its market."""
    random = Random(seed)  # noqa: S311 - A portfolio, not a secret.
    book, symbols = contracts_of(venue)
    settle = book.contracts[symbols[0]].instrument.settle
    symbols = [one for one in symbols if book.contracts[one].instrument.settle == settle]
    names = random.sample(symbols, min(count, len(symbols)))
    marks = {one: D(str(round(10 ** random.uniform(-1, 4), 3))) for one in names}
    positions = []
    for name in names:
        usd = 10 ** random.uniform(3, 6.5)
        instrument = book.contracts[name].instrument
        size = D(str(round(usd / float(marks[name] * instrument.multiplier), 3)))
        lot = instrument.lot or D("0.001")
        size = max(lot, size // lot * lot) * random.choice((1, -1))
        entry = marks[name] * D(str(round(random.uniform(0.9, 1.1), 3)))
        positions.append(Position(name, size, entry))
    mode = AssetsMode(book.assets_modes[0])
    market = Market(marks, {"USDT": D(1), "USDC": D(1), "USD": D(1)})
    account = Account({settle: D(0)}, tuple(positions), assets_mode=mode)
    wanted = D(str(round(random.uniform(*health), 3)))
    for _ in range(6):  # Closing fees and haircuts follow the wallet, so the aim is taken again.
        unit = assess(account, market, book).pool.health
        wallet = account.balances[settle] + unit.maintenance_margin / wanted - unit.equity
        account = Account({settle: wallet.quantize(D("0.01"))}, tuple(positions), assets_mode=mode)
    return account, market, book
