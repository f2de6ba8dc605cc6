"""Keys: what they may do is kept, their secrets are not."""

import hmac
import json
import stat
from decimal import Decimal
from hashlib import sha256

import pytest

from crossmargin.api.keys import KEYS_MAX, Keys, Limits, Scope, master_key
from crossmargin.errors import UsageError

MASTER = bytes(range(32))
LATER_MS = 2_000_000_000_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "venue.db.keys.json"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_derived_from_the_master_key_and_the_id_alone():
    by_hand = hmac.new(MASTER, b"crossmargin key 1:abc", sha256).hexdigest()

    assert by_hand == Keys(MASTER).secret("abc")
    assert by_hand != Keys(bytes(32)).secret("abc")
    assert by_hand != Keys(MASTER).secret("abd")


def test_a_key_may_read_unless_more_is_said():
    key = Keys(MASTER).issue("alice", LATER_MS)

    assert frozenset({Scope.READ}) == key.scopes
    assert not key.may_trade("BTCUSDT")


@pytest.mark.parametrize(
    ("scopes", "symbols", "may"),
    [
        ((Scope.TRADE,), None, True),
        ((Scope.TRADE,), ("BTCUSDT",), True),
        ((Scope.TRADE,), ("ETHUSDT",), False),
        ((Scope.TRADE,), (), False),
        ((Scope.READ, Scope.ADMIN), None, False),
    ],
)
def test_a_key_trades_the_symbols_it_is_for(scopes, symbols, may):
    key = Keys(MASTER).issue("alice", LATER_MS, scopes, symbols)

    assert may == key.may_trade("BTCUSDT")


def test_what_keys_may_do_outlives_the_process_and_holds_no_secret(path):
    keys = Keys(MASTER, path)
    limits = Limits(Decimal("1000.5"), 5, Decimal(100))
    key = keys.issue("alice", LATER_MS, Scope, ["BTCUSDT"], limits, "a bot")
    other = keys.issue("bob", LATER_MS)

    assert [key, other] == list(Keys(MASTER, path))
    assert 0o600 == mode(path)
    kept = path.read_text()
    assert not any(secret in kept for secret in (MASTER.hex(), keys.secret(key.id)))


def test_a_key_is_valid_until_it_ends():
    keys = Keys(MASTER)
    key = keys.issue("alice", LATER_MS)

    assert key == keys.valid(key.id, LATER_MS - 1)
    assert keys.valid(key.id, LATER_MS) is None
    assert keys.valid("another", LATER_MS - 1) is None


def test_a_revoked_key_is_gone(path):
    keys = Keys(MASTER, path)
    key = keys.issue("alice", LATER_MS)

    assert keys.revoke(key.id)
    assert not keys.revoke(key.id)
    assert keys.valid(key.id, 0) is None
    assert [] == list(Keys(MASTER, path))


def test_there_are_only_so_many(path):
    keys = Keys(MASTER)
    for _ in range(KEYS_MAX):
        keys.issue("alice", LATER_MS)

    with pytest.raises(UsageError, match="1000 already"):
        keys.issue("alice", LATER_MS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is no file of keys"),
        ("[]", "is no file of keys"),
        ('{"schema":1,"keys":[{}]}', "is no file of keys"),
        ('{"schema":9,"keys":[]}', "is of schema 9, this version reads 1"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused(path, content, words):
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(UsageError, match=words):
        Keys(MASTER, path)


@pytest.mark.parametrize("others", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(path, others):
    Keys(MASTER, path).issue("alice", LATER_MS)
    path.chmod(others)

    with pytest.raises(UsageError, match=f"others may read it .mode {others:o}"):
        Keys(MASTER, path)


def test_keys_without_an_end_cannot_be_written_by_hand(path):
    Keys(MASTER, path).issue("alice", LATER_MS)
    kept = json.loads(path.read_text())
    del kept["keys"][0]["expires_ms"]
    path.write_text(json.dumps(kept))

    with pytest.raises(UsageError, match="expires_ms"):
        Keys(MASTER, path)


def test_a_master_key_is_made_for_its_owner_alone_and_stays(tmp_path):
    path = tmp_path / "master-key"
    made = master_key(path)

    assert 32 == len(made)
    assert 0o600 == mode(path)
    assert made == master_key(path)
    assert made != master_key(tmp_path / "other")


@pytest.mark.parametrize("others", [0o640, 0o604, 0o620])
def test_a_master_key_that_others_may_read_is_refused(tmp_path, others):
    path = tmp_path / "master-key"
    master_key(path)
    path.chmod(others)

    with pytest.raises(UsageError, match="chmod 600"):
        master_key(path)


@pytest.mark.parametrize("content", ["", "zz", "ab" * 31, "no key at all\n"])
def test_what_is_no_master_key_is_refused(tmp_path, content):
    path = tmp_path / "master-key"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(UsageError, match="is no master key: 64 hexadecimal digits"):
        master_key(path)
