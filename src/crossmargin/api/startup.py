"""From what the operator asks for to a venue that can be served: checked, recovered, with keys."""

import ipaddress
from decimal import Decimal

from msgspec import Struct

from crossmargin.api.audit import Audit
from crossmargin.api.context import Context, Settings
from crossmargin.api.gate import Gate
from crossmargin.api.keys import Key, Keys, Scope, master_key
from crossmargin.api.limits import WALLET, DayResults
from crossmargin.api.places import Places
from crossmargin.api.signing import AHEAD_MS, Verifier
from crossmargin.durations import DAY_MS
from crossmargin.errors import UsageError
from crossmargin.history.history import History
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.runtime.clock import SystemClock
from crossmargin.runtime.loop import Writer
from crossmargin.runtime.recording import header_of
from crossmargin.runtime.served_market import Market, Money, play_money, steering_of
from crossmargin.runtime.service import Service
from crossmargin.runtime.venue_clock import VenueClock
from crossmargin.store.journal import Journal
from crossmargin.store.places import journal_at
from crossmargin.venue.decide import decide
from crossmargin.venue.state import State

DEMO_ACCOUNTS = ("alice", "bob")
"""Accounts that are there from the start, with play money."""
ADMIN = "admin"
TRADER = frozenset({Scope.READ, Scope.TRADE})
OPERATOR = frozenset({Scope.READ, Scope.ADMIN})
KEY_LIFE_MS = 90 * DAY_MS
"""How long the keys made here last."""
HANDED_OUT = "handed out at the start to"
"""How the label of a key begins that the server prints."""
HISTORY_RECORDS = 50_000
"""How many records of the journal's end are read back for those who ask what has happened."""


class Opened(Struct, frozen=True):
    """A venue that can be served.

    Attributes
    ----------
    store : its place, without a password.
    money : of the accounts that are there from the start.
    is_new : whether the store was made just now.
    demo, admin : the keys that are handed out.
    not_before_ms : from when on (the machine's time) what is signed is taken.
    """

    context: Context
    store: str
    rulebook: Rulebook
    market: Market
    money: tuple[Money, ...]
    speed: Decimal | None
    is_new: bool
    demo: tuple[Key, ...]
    admin: Key
    not_before_ms: int


def check_address(host: str, *, is_remote_allowed: bool, has_master_key: bool) -> None:
    """Refuse an address that others can reach, unless it is wanted and keys are configured.

    Raises
    ------
    UsageError
        If it is none, or not wanted.
    """
    if host == "localhost":
        return
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise UsageError(f"--host {host}: is no address; name one such as 127.0.0.1") from None
    if address.is_loopback:
        return
    if not is_remote_allowed:
        raise UsageError(
            f"--host {host}: others can reach that; add --allow-remote if they are meant to"
        )
    if not has_master_key:
        raise UsageError(f"--host {host}: name the master key with --master-key-file as well")


def hosts_of(host: str, port: int, names: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the Hosts a request may name: this address, loopback ones, and `names`.

    `names` hold without the port too: clients of a proxy before it do not know that.
    """
    shown = f"[{host}]" if ":" in host else host
    chosen = {name.lower() for name in names}
    known = {shown, "localhost", "127.0.0.1", "[::1]"} | chosen
    bare = known if port == 80 else chosen
    return frozenset({f"{name}:{port}" for name in known} | bare)


class Wanted(Struct, frozen=True):
    """What the operator asks for.

    Attributes
    ----------
    speed : simulated seconds a second; None is as fast as it goes.
    hosts : that requests may name.
    settings : of the server.
    is_synced : whether what is answered survives the loss of power, and not only of the process.
    """

    places: Places
    rulebook: Rulebook
    market: Market
    speed: Decimal | None
    hosts: frozenset[str]
    settings: Settings = Settings()
    is_synced: bool = True


def opened(wanted: Wanted) -> Opened:
    """Return the venue in the store, recovered; a new one where there is none.

    Raises
    ------
    StoreError
        If the store or the audit log is damaged.
    UsageError
        If the store is in use or of another market, or a file of keys is none or not private.
    """
    places, market, rulebook = wanted.places, wanted.market, wanted.rulebook
    keys = Keys(master_key(places.master_key), places.keys)
    note = f"serve {market.name}"
    header = header_of(rulebook, market.settings, market.start_ms, note)
    journal = journal_at(places.store, header, is_synced=wanted.is_synced)
    try:
        wall = SystemClock()
        # Whoever had the store before is gone by now, and has taken in nothing signed for later.
        is_new = journal.sequence == 0
        not_before_ms = 0 if is_new else wall.now_ms() + AHEAD_MS
        clock = VenueClock(market.start_ms, wanted.speed)
        writer = Writer(journal, lambda: State(rulebook, market.settings), decide, clock)
        clock.start(writer.state.at_ms)
        service = Service(writer, clock, wall, is_fed=is_new)
        history = History(rulebook)
        history.read_back(journal, HISTORY_RECORDS, service.state)
        service.subscribe(history.take)
        results = DayResults()
        _read_back(results, journal, service.state)
        service.subscribe(results.take)
        audit = Audit(places.audit)
        handed = [
            _handed(keys, name, scopes, service.wall_ms())
            for name, scopes in (*((one, TRADER) for one in DEMO_ACCOUNTS), (ADMIN, OPERATOR))
        ]
    except BaseException:
        journal.close()
        raise
    gate = Gate(wanted.hosts, audit=audit)
    verifier = Verifier(keys, wanted.settings.window_ms, not_before_ms)
    steering = steering_of(market, rulebook)
    context = Context(service, history, keys, gate, verifier, steering, wanted.settings, results)
    return Opened(
        context,
        journal.name,
        rulebook,
        market,
        play_money(market, rulebook, DEMO_ACCOUNTS),
        wanted.speed,
        is_new,
        tuple(handed[:-1]),
        handed[-1],
        not_before_ms,
    )


def _read_back(results: DayResults, journal: Journal, state: State) -> None:
    for entry in journal.read(max(1, journal.sequence - HISTORY_RECORDS + 1)):
        # Most records are quotes, which move no money and need not be decoded.
        if entry.at_ms // DAY_MS == state.day and WALLET.encode() in entry.events:
            results.take(entry, entry.decoded_events())


def _handed(keys: Keys, name: str, scopes: frozenset[Scope], now_ms: int) -> Key:
    # The key that is handed out under a name, made anew in its last day.
    account = "" if name == ADMIN else name
    label = f"{HANDED_OUT} {name}"
    for key in keys:
        if key.label == label and key.expires_ms > now_ms + DAY_MS:
            return key
    return keys.issue(account, now_ms + KEY_LIFE_MS, scopes, label=label)
