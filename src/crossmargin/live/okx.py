"""OKX: position tiers in contracts by instrument family, discount rates by coin; no key needed.

Replies: GET /api/v5/public/instruments, /public/position-tiers (of cross margin),
/public/discount-rate-interest-free-quota. Fees depend on the account and need a key.
"""

from collections.abc import Iterator

from crossmargin.live.records import Ask, Haircut, Ladder, Reply, Rung, decimal, from_caps, optional

FAMILIES_PER_REQUEST = 5
KINDS = ("SWAP", "FUTURES")


def ladders(ask: Ask) -> Iterator[Ladder]:
    """Yield the ladder of every live swap and future; floors are contracts."""
    for kind in KINDS:
        reply = ask("publicGetPublicInstruments", {"instType": kind})
        contracts = [row for row in reply["data"] if row["state"] == "live"]
        tiers = _tiers(ask, kind, sorted({row["instFamily"] for row in contracts}))
        for row in contracts:
            rows = sorted(tiers.get(row["instFamily"], ()), key=lambda tier: int(tier["tier"]))
            floors, cap = from_caps([decimal(tier["maxSz"]) for tier in rows] or [decimal(0)])
            yield Ladder(
                row["instId"],
                row["settleCcy"],
                tuple(
                    Rung(
                        floor,
                        decimal(tier["mmr"]),
                        decimal(tier["maxLever"]),
                        decimal(tier["imr"]),
                    )
                    for floor, tier in zip(floors, rows, strict=False)
                ),
                cap,
                "size",
                decimal(row["ctVal"]) * decimal(row.get("ctMult") or 1),
                optional(row["tickSz"]),
                optional(row["lotSz"]),
            )


def haircuts(ask: Ask) -> Iterator[Haircut]:
    """Yield the slices of every coin; above the last tier the smallest rate counts."""
    reply = ask("publicGetPublicDiscountRateInterestFreeQuota", {})
    for row in reply["data"]:
        tiers = sorted(row["details"], key=lambda tier: decimal(tier["minAmt"]))
        slices = [(decimal(tier["minAmt"]), decimal(tier["discountRate"])) for tier in tiers]
        if not slices:
            slices = [(decimal(0), decimal(row.get("minDiscountRate") or 0))]
        elif tiers[-1]["maxAmt"] != "":
            rest = decimal(row.get("minDiscountRate") or 0)
            slices.append((decimal(tiers[-1]["maxAmt"]), rest))
        yield Haircut(row["ccy"], tuple(slices))


def _tiers(ask: Ask, kind: str, families: list[str]) -> dict[str, list[Reply]]:
    found: dict[str, list[Reply]] = {}
    for start in range(0, len(families), FAMILIES_PER_REQUEST):
        some = ",".join(families[start : start + FAMILIES_PER_REQUEST])
        request = {"instType": kind, "tdMode": "cross", "instFamily": some}
        for row in ask("publicGetPublicPositionTiers", request)["data"]:
            found.setdefault(row["instFamily"], []).append(row)
    return found
