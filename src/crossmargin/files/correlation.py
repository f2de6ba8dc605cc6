"""What stacks and what hedges, as other programs read it: plain JSON.

Exposures are exact, to 8 places; everything estimated is a statistic of nine digits, as a string.

The fields are described in docs/reference/correlation.md; `SCHEMA` changes with them.
"""

from collections.abc import Sequence
from decimal import Decimal

from crossmargin.files.answer import held
from crossmargin.files.covariance import covariance_fields, estimate
from crossmargin.files.json_value import Json
from crossmargin.money import EIGHT_PLACES, exact, plain, up_to
from crossmargin.risk.estimates.bets import Bets, Pair
from crossmargin.risk.estimates.correlation import Covariance
from crossmargin.risk.estimates.exposure import Exposure
from crossmargin.risk.situation import Situation

SCHEMA = 1


@exact
def correlation_answer(
    situation: Situation,
    exposed: Exposure,
    covariance: Covariance,
    found: Bets,
    prices: Sequence[str] = (),
) -> dict[str, Json]:
    """Return everything that is known; `prices` are sentences on which histories were read."""
    assets = zip(
        found.assets,
        found.volatility.tolist(),
        found.betas.tolist(),
        found.shares.tolist(),
        strict=True,
    )
    return {
        "schema": SCHEMA,
        "venue": situation.rulebook.venue,
        "edition": situation.rulebook.edition.isoformat(),
        "horizon_ms": found.horizon_ms,
        "equity": held(exposed.equity),
        "net_exposure": _dollars(exposed.net),
        "gross_exposure": _dollars(exposed.gross),
        "effective_leverage": None
        if exposed.leverage is None
        else plain(up_to(EIGHT_PLACES, exposed.leverage)),
        "deviation": estimate(found.deviation),
        "number_of_bets": None if found.number is None else estimate(found.number),
        "reference": found.reference,
        "holdings": [
            {"name": one.name, "asset": one.asset, "exposure": _dollars(one.exposure)}
            for one in exposed.holdings
        ],
        "assets": [
            {
                "asset": asset,
                "exposure": _dollars(exposed.by_asset[asset]),
                "volatility": estimate(volatility),
                "beta": estimate(beta),
                "share": estimate(share),
            }
            for asset, volatility, beta, share in assets
        ],
        "pairs": [_pair(one) for one in found.pairs],
        "covariance": covariance_fields(covariance, found.horizon_ms),
        "prices": list(prices),
        "assumptions": list(situation.now.assumptions),
    }


def _pair(one: Pair) -> Json:
    return {
        "first": one.first.name,
        "second": one.second.name,
        "way": one.way.value,
        "correlation": estimate(one.correlation),
        "together": estimate(one.together),
        "apart": estimate(one.apart),
    }


def _dollars(amount: Decimal) -> str:
    return plain(amount.quantize(EIGHT_PLACES))
