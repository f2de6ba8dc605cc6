"""Who is there and what they ask: traders with habits, makers of finite capital.

Traders look at the venue as anybody may (their orders, positions and its prices) and ask for what
is often sensible, sometimes refused and now and then nonsense. What comes of it is not looked at
here. Commands carry no time; it is put in where they come in.
"""

from decimal import Decimal

from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.money import ZERO, down_to, exact
from crossmargin.runtime.liquidity import Makers, affordable, quotes
from crossmargin.venue.command import (
    Convert,
    Deposit,
    FeedFund,
    OpenAccount,
    Quote,
    SetAssetsMode,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
)
from crossmargin.venue.judging import judged, pool_of
from tests.simulation.asking import Asking
from tests.simulation.venues import USUAL_USD

D = Decimal
CENT = D("0.00000001")
MONEY_USD = (300, 3_000, 30_000)
LEVERAGES = (1, 5, 10, 10, 20, 20, 50, 100)
MAKERS = 2


class Population:
    """All accounts of a seed."""

    def __init__(self, swarm):
        self.swarm, self.chance = swarm, swarm.chance("population")
        self.makers = [f"maker {number}" for number in range(MAKERS)]
        self.traders = [f"trader {number}" for number in range(swarm.traders)]
        self.parents = {}
        if "families" in swarm.habits:
            self.parents = {f"{name} sub": name for name in self.traders[:2]}
            self.traders += self.parents
        self.contracts = swarm.rulebook.contracts
        self.settles = sorted({one.instrument.settle for one in self.contracts.values()})
        self.asking = Asking(swarm, self.chance, self.traders, self.settles)
        self.later = swarm.chance("later")

    def opening(self):
        """Return what happens before the first price."""
        swarm = self.swarm
        found = [
            FeedFund(at_ms=0, asset=asset, amount=_worth(swarm.fund, asset))
            for asset in self.settles
            if swarm.fund
        ]
        for name in self.makers:
            found.append(OpenAccount(at_ms=0, account=name, is_maker=True))
            found += self._deposits(name, swarm.maker_money)
        for name in self.traders:
            parent = self.parents.get(name, "")
            found.append(OpenAccount(at_ms=0, account=name, parent=parent))
            found += self._deposits(name, D(self.chance.choice(MONEY_USD)))
            found += self._collateral(name)
            found += self._settings(name)
        return found

    def _deposits(self, name, usd):
        return [
            Deposit(at_ms=0, account=name, asset=asset, amount=_worth(usd, asset))
            for asset in self.settles
        ]

    def _collateral(self, name):
        # What counts in multi-assets mode only, less than is owed when all goes wrong.
        if "multi-assets" not in self.swarm.habits:
            return []
        others = sorted({*self.swarm.rulebook.collateral} - {*self.settles})
        return [
            Deposit(at_ms=0, account=name, asset=asset, amount=_worth(200, asset))
            for asset in others[:3]
        ]

    def _settings(self, name):
        chance, habits = self.chance, self.swarm.habits
        found = []
        for symbol in self.contracts:
            leverage = D(chance.choice(LEVERAGES))
            found.append(SetLeverage(at_ms=0, account=name, symbol=symbol, leverage=leverage))
            if "isolated" in habits and chance.random() < 0.5:
                mode = MarginMode.ISOLATED
                found.append(SetMarginMode(at_ms=0, account=name, symbol=symbol, mode=mode))
        if "hedge mode" in habits and chance.random() < 0.5:
            found.append(SetPositionMode(at_ms=0, account=name, mode=PositionMode.HEDGE))
        mode = AssetsMode.SINGLE
        if "multi-assets" in habits and chance.random() < 0.6:
            mode = AssetsMode.MULTI
        found.append(SetAssetsMode(at_ms=0, account=name, mode=mode))
        return found

    @exact
    def quotes(self, state, prices):
        """Return the makers' quotes around what they believe prices are."""
        found = []
        for name in self.makers:
            for symbol, price in prices.items():
                if self.chance.random() < 0.8:
                    levels = self._levels(state, name, symbol, price)
                    found.append(Quote(at_ms=0, account=name, symbol=symbol, levels=levels))
        return found

    def _levels(self, state, name, symbol, price):
        filters = self.swarm.settings.filters_of(symbol)
        instrument = self.contracts[symbol].instrument
        makers = Makers(
            spread=D(self.chance.choice(["0.0004", "0.002"])),
            step=D("0.001"),
            depth=self.swarm.depth,
            levels=self.chance.choice([0, 1, 4]),
            tick=filters.tick,
            lot=filters.lot,
        )
        account = state.accounts[name]
        pool = pool_of(judged(state, name), instrument.settle)
        equity = pool.health.equity if pool and pool.health else ZERO
        held = account.position(symbol, None)
        if instrument.kind.is_inverse and account.assets_mode is AssetsMode.SINGLE:
            equity *= price
        return affordable(
            quotes(price, makers, instrument),
            held.size if held else ZERO,
            equity * 3,
            price,
            instrument,
            filters.lot,
        )

    def requests(self, state, prices):
        """Return what traders ask for now."""
        count = self.chance.randint(1, 2 + len(self.traders))
        found = []
        for _ in range(count):
            name = self.chance.choice(self.traders)
            if name in state.accounts:
                found.append(self.asking.request(state, name, prices))
        if "conversions" in self.swarm.habits and self.later.random() < 0.5:
            found.append(self._conversion(state))
        return found

    def _conversion(self, state):
        name = self.later.choice(self.traders)
        assets = sorted({*self.settles, *self.swarm.rulebook.collateral})
        source, target = self.later.choice(assets), self.later.choice(assets)
        has = state.accounts[name].balances.get(source, ZERO)
        share = D(str(self.later.choice([0.01, 0.5, 1, 2])))
        amount = down_to(CENT, max(CENT, has * share))
        return Convert(at_ms=0, account=name, asset=source, to=target, amount=amount)


def _worth(usd, asset):
    return down_to(CENT, D(usd) / USUAL_USD.get(asset, D(1)))
