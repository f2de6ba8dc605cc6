"""One request of one trader: an order of some kind, a cancel, money, a setting, or nonsense."""

from decimal import Decimal

from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.money import exact
from crossmargin.venue.command import (
    CancelAll,
    CancelOrder,
    Deposit,
    Level,
    MoveMargin,
    Observe,
    OpenAccount,
    PlaceOrder,
    Quote,
    SelfTrade,
    SetAssetsMode,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
    TimeInForce,
    Transfer,
    Trigger,
    Withdraw,
)

D = Decimal
STOPS = (
    OrderType.STOP,
    OrderType.STOP_MARKET,
    OrderType.TAKE_PROFIT,
    OrderType.TAKE_PROFIT_MARKET,
)
STRANGE = ("NaN", "sNaN", "Infinity", "-Infinity", "1E+400", "1E-400", "-0", "0", "-1",
           "0.000000000000000001", "999999999999999999", "1E+30", "0.123456789")  # fmt: skip


class Asking:
    """What a trader of this seed may come up with."""

    def __init__(self, swarm, chance, traders, settles):
        self.swarm, self.chance = swarm, chance
        self.traders, self.settles = traders, settles
        self.lots = {one.symbol: D(one.lot) for one in swarm.traded}
        self.ticks = {one.symbol: D(one.tick) for one in swarm.traded}
        self.instruments = {
            symbol: contract.instrument for symbol, contract in swarm.rulebook.contracts.items()
        }
        kinds = {self.order: 10, self.cancel: 2, self.cancel_all: 0.3}
        habits = swarm.habits
        kinds |= {self.switch: 1.5} if "switching" in habits else {}
        kinds |= {self.money: 2} if "withdrawals" in habits else {}
        kinds |= {self.margin: 1.5} if "isolated" in habits else {}
        kinds |= {self.nonsense: 1.5} if "nonsense" in habits else {}
        self.kinds = kinds

    @exact
    def request(self, state, name, prices):
        """Return a command of `name`'s."""
        [kind] = self.chance.choices(list(self.kinds), list(self.kinds.values()))
        return kind(state.accounts[name], prices)

    def order(self, account, prices):
        """Return a new order."""
        chance, habits = self.chance, self.swarm.habits
        symbol = chance.choice(sorted(prices))
        price = prices[symbol]
        sign = chance.choice([-1, 1])
        size = self._size(account, symbol, price) * sign
        side = None
        if account.position_mode is PositionMode.HEDGE:
            is_opening = chance.random() < 0.7
            side = Side.LONG if (sign > 0) is is_opening else Side.SHORT
        given = {"at_ms": 0, "account": account.name, "symbol": symbol, "side": side}
        given["size"] = size
        if "self-trades" in habits:
            given["self_trade"] = chance.choice(list(SelfTrade))
        held = account.position(symbol, side)
        is_reducing = "reduce-only" in habits and chance.random() < 0.25
        if is_reducing and held is not None:
            # Often more than is held, so that it has to be cut.
            given["size"] = abs(size) if held.size < 0 else -abs(size)
            given["reduce_only"] = side is None
        special = [name for name in ("stops", "trailing", "closing") if name in habits]
        if special and chance.random() < 0.35:
            return PlaceOrder(**given | getattr(self, f"_{chance.choice(special)}")(given, price))
        given |= self._plain(symbol, sign, price)
        if "brackets" in habits and not given.get("reduce_only") and chance.random() < 0.4:
            given |= self._brackets(symbol, given["size"], given["price"] or price)
        return PlaceOrder(**given)

    def _size(self, account, symbol, price):
        # Between a lot and more than can be afforded.
        lot, instrument = self.lots[symbol], self.instruments[symbol]
        unit = instrument.multiplier * (1 if instrument.kind.is_inverse else price)
        money = account.balances.get(instrument.settle, D(0))
        if instrument.kind.is_inverse:
            money *= price
        leverage = account.leverage.get(symbol, D(10))
        wanted = max(money, D(0)) * leverage * D(round(self.chance.uniform(0.01, 1.1), 4))
        return max(lot, wanted / unit // lot * lot)

    def _plain(self, symbol, sign, price):
        chance = self.chance
        if chance.random() < 0.5:
            return {"type": OrderType.MARKET, "price": None}
        away = D(round(chance.choice([0.0005, 0.01, 0.1]) * chance.choice([-1, 1, 1]), 6))
        found = {"price": self._ticked(symbol, price * (1 - sign * away))}
        if "strange times in force" in self.swarm.habits:
            found["time_in_force"] = chance.choice(list(TimeInForce))
        return found

    def _ticked(self, symbol, price):
        tick = self.ticks[symbol]
        return max(tick, price // tick * tick)

    def _brackets(self, symbol, size, price):
        chance, sign = self.chance, 1 if size > 0 else -1
        found = {}
        if chance.random() < 0.8:
            away = D(round(chance.choice([0.002, 0.02]), 4))
            found["stop_loss_price"] = self._ticked(symbol, price * (1 - sign * away))
        if chance.random() < 0.8:
            away = D(round(chance.choice([0.002, 0.02]), 4))
            found["take_profit_price"] = self._ticked(symbol, price * (1 + sign * away))
        return found

    def _stops(self, given, price):
        chance, symbol = self.chance, given["symbol"]
        kind = chance.choice(STOPS)
        goes_with = kind in (OrderType.STOP, OrderType.STOP_MARKET)
        is_above = (given["size"] > 0) is goes_with
        away = D(round(chance.choice([0.001, 0.01, 0.05]), 4)) * (1 if is_above else -1)
        trigger = self._ticked(symbol, price * (1 + away))
        found = {"type": kind, "trigger_price": trigger, "trigger": chance.choice(list(Trigger))}
        if kind in (OrderType.STOP, OrderType.TAKE_PROFIT):
            found["price"] = self._ticked(symbol, trigger * D(str(chance.choice([0.99, 1, 1.01]))))
            if "strange times in force" in self.swarm.habits:
                found["time_in_force"] = chance.choice(list(TimeInForce))
        return found

    def _trailing(self, given, price):
        chance = self.chance
        found = {
            "type": OrderType.TRAILING_STOP_MARKET,
            "trigger": chance.choice(list(Trigger)),
            "callback_fraction": D(str(chance.choice([0.001, 0.01, 0.1]))),
        }
        if chance.random() < 0.5:
            sign = -1 if given["size"] > 0 else 1
            found["trigger_price"] = self._ticked(given["symbol"], price * (1 + sign * D("0.005")))
        return found

    def _closing(self, given, price):
        found = {"is_close_position": True, "size": D(0), "reduce_only": False}
        if self.chance.random() < 0.5:
            return found | {"type": OrderType.MARKET}
        kind = self.chance.choice((OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET))
        away = D(str(self.chance.choice([-0.02, -0.002, 0.002, 0.02])))
        trigger = self._ticked(given["symbol"], price * (1 + away))
        return found | {"type": kind, "trigger_price": trigger, "trigger": Trigger.MARK}

    def cancel(self, account, prices):
        """Return the cancellation of one of the account's orders, or of one that is not there."""
        ids = sorted(account.orders)
        order_id = self.chance.choice(ids) if ids and self.chance.random() < 0.9 else 10**9
        return CancelOrder(at_ms=0, account=account.name, order_id=order_id)

    def cancel_all(self, account, prices):
        """Return the cancellation of everything, or of a symbol's."""
        symbol = self.chance.choice(["", *sorted(prices)])
        return CancelAll(at_ms=0, account=account.name, symbol=symbol)

    def switch(self, account, prices):
        """Return a change of a setting."""
        chance, name = self.chance, account.name
        symbol = chance.choice(sorted(prices))
        leverage = D(chance.choice([1, 2, 10, 50, 125, 500]))
        return chance.choice(
            [
                SetLeverage(at_ms=0, account=name, symbol=symbol, leverage=leverage),
                SetMarginMode(
                    at_ms=0, account=name, symbol=symbol, mode=chance.choice(list(MarginMode))
                ),
                SetPositionMode(at_ms=0, account=name, mode=chance.choice(list(PositionMode))),
                SetAssetsMode(at_ms=0, account=name, mode=chance.choice(list(AssetsMode))),
            ]
        )

    def money(self, account, prices):
        """Return a deposit, withdrawal or transfer."""
        chance, name = self.chance, account.name
        asset = chance.choice(self.settles)
        has = account.balances.get(asset, D(0))
        share = D(str(chance.choice([0.001, 0.3, 1, 1.5])))
        amount = max(D("0.0001"), has * share).quantize(D("0.00000001"))
        kind = chance.choice([Deposit, Withdraw, Withdraw, Transfer])
        if kind is Deposit:
            amount = min(amount, D("0.01") if asset in ("BTC", "XBT") else D(500))
        more = {"to": chance.choice(self.traders)} if kind is Transfer else {}
        return kind(at_ms=0, account=name, asset=asset, amount=amount, **more)

    def margin(self, account, prices):
        """Return a change of an isolated position's margin."""
        chance = self.chance
        symbol = chance.choice(sorted(prices))
        side = chance.choice(list(Side)) if account.position_mode is PositionMode.HEDGE else None
        held = account.position(symbol, side)
        margin = held.margin if held and held.margin > 0 else D("0.001")
        share = D(str(chance.choice([-1, -0.5, -0.01, 0.01, 0.5, 3])))
        amount = (margin * share).quantize(D("0.00000001"))
        return MoveMargin(at_ms=0, account=account.name, symbol=symbol, amount=amount, side=side)

    def nonsense(self, account, prices):
        """Return what no sensible client would send, and any may."""
        chance, name = self.chance, account.name
        number, other = D(chance.choice(STRANGE)), D(chance.choice(STRANGE))
        symbol = chance.choice([*sorted(prices), "NOTHING", ""])
        asset = chance.choice([*self.settles, "NOTHING"])
        who = chance.choice([name, name, "nobody", "fund", "maker 0"])
        kind = chance.choice([OrderType.LIMIT, OrderType.MARKET, *STOPS])
        return chance.choice(
            [
                PlaceOrder(
                    at_ms=0, account=who, symbol=symbol, size=number, price=other, type=kind
                ),
                PlaceOrder(at_ms=0, account=who, symbol=symbol, size=number, trigger_price=other),
                PlaceOrder(
                    at_ms=0,
                    account=who,
                    symbol=symbol,
                    size=D(1),
                    type=OrderType.TRAILING_STOP_MARKET,
                    callback_fraction=number,
                    stop_loss_price=other,
                ),
                Deposit(at_ms=0, account=who, asset=asset, amount=number),
                Withdraw(at_ms=0, account=who, asset=asset, amount=number),
                Transfer(at_ms=0, account=who, to=name, asset=asset, amount=number),
                SetLeverage(at_ms=0, account=who, symbol=symbol, leverage=number),
                MoveMargin(at_ms=0, account=who, symbol=symbol, amount=number),
                Quote(at_ms=0, account=who, symbol=symbol, levels=(Level(number, other),)),
                Observe(at_ms=0, symbol=symbol, source="nobody's", last=number),
                OpenAccount(at_ms=0, account=chance.choice([name, "", "fund", "\n", "x" * 65])),
                CancelOrder(at_ms=0, account=who, order_client_id="nothing"),
            ]
        )
