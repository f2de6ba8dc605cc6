"""What is drawn of moves together: the safe region of two assets, correlations as a heat map."""

from html import escape
from typing import Any, TypeAlias

import numpy as np

from crossmargin.report.drawing import plain_of
from crossmargin.risk.estimates.correlation import Covariance
from crossmargin.risk.estimates.returns import Floats
from crossmargin.risk.joint.region import Region

Json: TypeAlias = dict[str, Any]

REGION_HEIGHT = 520
REGION_WIDTH = 760
ELLIPSES = (1, 2, 3)
ROW_HEIGHT = 46
LEFT_MAX = 2.0
"""Twice the buffer of now: where shading ends."""


def region_chart(
    region: Region, covariance: Covariance | None = None, horizon_ms: int = 0, length: str = ""
) -> Json:
    """Return the safe region: shaded by what is left of the buffer, its edge exact.

    With a covariance, ellipses of equal likelihood: one, two and three standard deviations of both
    assets over a horizon, whose name is `length`.
    """
    first, second = escape(region.first), escape(region.second)
    # One grey beyond the edge: how far beyond says nothing more.
    left = np.clip(region.left, -1.0, LEFT_MAX)
    edge = 1 / (1 + LEFT_MAX)
    shading: Json = {
        "type": "heatmap",
        "x": plain_of(100 * region.grid[0]),
        "y": plain_of(100 * region.grid[1]),
        "z": [plain_of(100 * row) for row in left],
        "zmin": -100,
        "zmax": 100 * LEFT_MAX,
        "zsmooth": "best",
        "opacity": 0.6,
        "colorscale": [
            [0, "@rule"],
            [edge, "@rule"],
            [edge, "@m1-0"],
            [1.5 * edge, "@m1-1"],
            [2 * edge, "@panel"],
            [1, "@m0-0"],
        ],
        "hovertemplate": (
            f"{first} %{{x:+.1f}} %, {second} %{{y:+.1f}} %: "
            "%{z:.0f} % of the buffer<extra></extra>"
        ),
        "colorbar": {
            "title": {"text": "Buffer left, %", "side": "right"},
            "tickvals": [-50, 0, 50, 100, 150, 200],
            "ticktext": ["gone", "0", "50", "100", "150", "200+"],
            "thickness": 12,
            "outlinewidth": 0,
        },
    }
    data = [shading, *_edge(region)]
    if covariance is not None:
        data += _ellipses(region, covariance, horizon_ms, length)
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "now",
            "x": [0],
            "y": [0],
            "marker": {"color": "@ink", "size": 9},
            "hovertemplate": "now<extra></extra>",
        }
    )
    ranges = [
        [100 * float(grid[0]), 100 * float(grid[-1])] for grid in (region.grid[0], region.grid[1])
    ]
    layout = {
        "hovermode": "closest",
        "margin": {"l": 64, "r": 14, "t": 44, "b": 52},
        "xaxis": {"title": {"text": f"{first} moves"}, "ticksuffix": " %", "range": ranges[0]},
        "yaxis": {"title": {"text": f"{second} moves"}, "ticksuffix": " %", "range": ranges[1]},
    }
    return {"data": data, "layout": layout, "height": REGION_HEIGHT, "widthMax": REGION_WIDTH}


def correlation_chart(covariance: Covariance, assets: tuple[str, ...]) -> Json:
    """Return the correlations of `assets` as a heat map, a number in every cell."""
    places = [covariance.assets.index(asset) for asset in assets]
    matrix = covariance.correlation[np.ix_(places, places)]
    names = [escape(asset) for asset in assets]
    heat: Json = {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": [plain_of(row) for row in matrix],
        "text": [[f"{one:.2f}" for one in row] for row in matrix],
        "texttemplate": "%{text}",
        "zmin": -1,
        "zmax": 1,
        "xgap": 2,
        "ygap": 2,
        "opacity": 0.85,
        "colorscale": [[0, "@m0-0"], [0.5, "@panel"], [1, "@m1-1"]],
        "hovertemplate": "%{y} and %{x}: %{z:.3f}<extra></extra>",
        "colorbar": {"thickness": 12, "outlinewidth": 0, "tickvals": [-1, -0.5, 0, 0.5, 1]},
    }
    layout = {
        "margin": {"l": 64, "r": 14, "t": 30, "b": 10},
        "xaxis": {"side": "top", "showgrid": False, "type": "category"},
        "yaxis": {"autorange": "reversed", "showgrid": False, "type": "category"},
    }
    height = 60 + ROW_HEIGHT * max(3, len(assets))
    width = 160 + 92 * max(3, len(assets))
    return {"data": [heat], "layout": layout, "height": height, "widthMax": width}


def _edge(region: Region) -> list[Json]:
    # A line where the edge is; it breaks where the region reaches out of the picture.
    vertices = [*region.vertices, region.vertices[0]]
    x = [100 * float(one.first) if one.is_edge else None for one in vertices]
    y = [100 * float(one.second) if one.is_edge else None for one in vertices]
    if all(value is None for value in x):
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "liquidation",
            "x": x,
            "y": y,
            "line": {"color": "@danger", "width": 3},
            "connectgaps": False,
            "hovertemplate": "liquidated: %{x:+.2f} %, %{y:+.2f} %<extra></extra>",
        }
    ]


def _ellipses(region: Region, covariance: Covariance, horizon_ms: int, length: str) -> list[Json]:
    pair = (region.first, region.second)
    root = np.linalg.cholesky(covariance.of(pair) * (horizon_ms / covariance.interval_ms))
    turn = np.linspace(0, 2 * np.pi, 73)
    circle: Floats = np.column_stack([np.cos(turn), np.sin(turn)])
    found = []
    for count in ELLIPSES:
        points = 100 * np.expm1(count * circle @ root.T)
        found.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"1, 2, 3 standard deviations of {length}",
                "legendgroup": "ellipses",
                "showlegend": count == 1,
                "x": plain_of(points[:, 0]),
                "y": plain_of(points[:, 1]),
                "line": {"color": "@ink", "width": 1.2, "dash": "dot"},
                "hoverinfo": "skip",
            }
        )
    return found
