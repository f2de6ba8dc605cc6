"""The server's page says what the server does: its table of numbers, names and files."""

import re

from crossmargin.api import gate, signing, startup
from crossmargin.api.audit import Line
from crossmargin.api.gate import Rates
from crossmargin.api.keys import Limits
from crossmargin.api.metrics import Meter
from crossmargin.api.server import CONNECTIONS_MAX, Ready
from crossmargin.runtime import service
from tests import source
from tests.unit.api.native_desk import Desk

PAGE = source.text("docs/reference/server.md")
CODE = set(re.findall(r"`([^`\n]+)`", PAGE))


def section(name):
    return PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def test_every_field_of_what_is_written_is_named():
    told = section("Ready file")
    assert all(f"`{name}`" in told for name in Ready.__struct_fields__)
    assert all(f"`{name}`" in section("Audit log") for name in Line.__struct_fields__)
    assert all(f"`{name}`" in section("Limits of a key") for name in Limits.__struct_fields__)


def test_every_metric_is_named_and_no_other(tmp_path):
    desk = Desk(tmp_path)
    text = Meter().text(desk.context)
    desk.close()
    counted = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))

    assert counted == {name for name in CODE if name.startswith("crossmargin_")}


def test_numbers_are_those_of_the_code():
    rates, told = Rates(), section("What comes in")
    buckets = re.findall(r"\| of [^|]+\| ([\d,]+) \| ([\d,]+) \|", told)

    assert [
        (f"{one.burst:,}", f"{one.per_second:,}")
        for one in (rates.key, rates.address, rates.cancel)
    ] == buckets
    assert f"{rates.connections} WebSockets" in told
    assert f"{CONNECTIONS_MAX:,} connections" in told
    assert f"{gate.BODY_MAX // 1024} KiB" in told
    assert f"at most {gate.DEPTH_MAX} deep" in told
    assert f"{service.WAITING_MAX:,} commands" in told
    assert f"last {startup.HISTORY_RECORDS:,} records" in section("Limits of a key")
    assert f"({rates.unknown.per_second} a\nsecond" in section("Audit log")
    assert 1_000 == signing.AHEAD_MS  # "a second later"
