"""Prices, and sources that say what they are, some of them wrongly.

All symbols of one underlying follow one price, which walks, trends, crashes in gaps and comes
back. A source is honest, silent, late, frozen, off by half or by two, or says what is no price.
"""

from decimal import Decimal

from crossmargin.venue.command import Observe, ObserveAsset, Tick
from tests.simulation.venues import USUAL_USD

D = Decimal
MOODS = {
    # (mean of a step's move, its deviation)
    "calm": (0.0, 0.001),
    "up": (0.006, 0.004),
    "down": (-0.006, 0.004),
    "crash": (-0.05, 0.03),
    "squeeze": (0.06, 0.03),
}
MOOD_CHANGES = 0.12
"""How likely the mood changes at a step."""
NO_PRICES = ("0", "-1", "NaN", "-NaN", "sNaN", "Infinity", "1E+400", "1E-400", "-0", "1E+30")
PRICE_MIN = D("0.0001")


class MarketOfSeed:
    """What things cost, step by step.

    Attributes
    ----------
    prices : of symbols, whole ticks.
    assets : of collateral assets, in USD.
    """

    def __init__(self, swarm):
        self.swarm, self.chance = swarm, swarm.chance("market")
        self.usual = {one.symbol: D(one.price) for one in swarm.traded}
        self.ticks = {one.symbol: D(one.tick) for one in swarm.traded}
        self.bases = {
            one.symbol: swarm.rulebook.contracts[one.symbol].instrument.base for one in swarm.traded
        }
        self.factors = dict.fromkeys(sorted(set(self.bases.values())), 1.0)
        self.mood = "calm"
        self.frozen = {}
        self.ills = {}
        self.prices = dict(self.usual)
        self.assets = {asset: USUAL_USD.get(asset, D(1)) for asset in swarm.rulebook.collateral}

    def step(self):
        """Let time have passed."""
        chance = self.chance
        if chance.random() < MOOD_CHANGES:
            self.mood = chance.choice(sorted(MOODS))
        mean, deviation = MOODS[self.mood]
        together = chance.gauss(mean, deviation)
        for base, factor in self.factors.items():
            move = (together + chance.gauss(0, 0.002)) * self.swarm.violence
            self.factors[base] = min(max(factor * (1 + max(move, -0.6)), 0.001), 1000.0)
        for symbol, usual in self.usual.items():
            price = usual * _exact(self.factors[self.bases[symbol]])
            tick = self.ticks[symbol]
            self.prices[symbol] = max(tick * 20, price // tick * tick)
        for asset in self.assets:
            usual = USUAL_USD.get(asset, D(1))
            factor = self.factors.get(asset)
            if factor is None and asset in USUAL_USD:
                factor = next(iter(self.factors.values()))
            # A stable coin is a little off its peg, and far off it where the market is violent.
            off = 1 + chance.gauss(0, 0.002 * self.swarm.violence)
            price = usual * _exact(off if factor is None else factor)
            self.assets[asset] = max(PRICE_MIN, price)

    def said(self, at_ms, *, is_honest=False):
        """Return what all sources say now."""
        found = []
        for number in range(self.swarm.sources):
            source = f"source {number}"
            ill, only = (None, None) if is_honest else self._ill(source)
            for symbol, price in self.prices.items():
                own = ill if only in (None, symbol) else None
                if own != "silent":
                    found.append(self._observation(at_ms, symbol, source, price, own))
            own = ill if only is None else None
            for asset, price in self.assets.items():
                if own != "silent":
                    value = self._wrong(asset, source, price, own)
                    seen = {"asset": asset, "source": source, "price": value}
                    found.append(ObserveAsset(at_ms=at_ms, **seen))
        if "feed" in self.swarm.faults and not is_honest:
            self.chance.shuffle(found)
        return found

    def tick(self, at_ms):
        """Return the command that lets the venue look at the clock."""
        return Tick(at_ms=at_ms)

    def _ill(self, source):
        # What is wrong with a source for some steps, and of which symbol; None: with all it says.
        if "feed" not in self.swarm.faults:
            return None, None
        chance = self.chance
        if chance.random() < 0.15:
            kinds = ["silent", "frozen", "half", "double", "no price", None, None, None]
            only = chance.choice([None, *sorted(self.prices)])
            self.ills[source] = chance.choice(kinds), only
        return self.ills.get(source, (None, None))

    def _observation(self, at_ms, symbol, source, price, ill):
        tick = self.ticks[symbol]
        off = tick * self.chance.randint(-3, 3)
        traded = self._wrong(symbol, source, price + off, ill)
        index = self._wrong(symbol, source + " index", price, ill)
        mark = traded if self.swarm.has_marks else None
        last = traded if self.chance.random() < 0.5 else None
        return Observe(at_ms=at_ms, symbol=symbol, source=source, index=index, mark=mark, last=last)

    def _wrong(self, name, source, price, ill):
        if ill == "frozen":
            return self.frozen.setdefault((name, source), price)
        self.frozen[name, source] = price
        if ill == "half":
            return price / 2
        if ill == "double":
            return price * 2
        return D(self.chance.choice(NO_PRICES)) if ill == "no price" else price


def _exact(factor):
    # Eight digits, as a source would say it: a float's own digits are no price.
    return D(f"{factor:.8f}")
