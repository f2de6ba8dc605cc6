"use strict";
// Draws the charts in the data block, all on one time axis. Zooming one zooms all; hovering one
// shows the same moment in all. Colours are roles and follow light, dark and paper.
(() => {
  const spec = JSON.parse(document.getElementById("spec").textContent);
  const root = document.documentElement;
  const isTouch = window.matchMedia("(pointer: coarse)").matches;
  const plots = [];

  // The library speaks of moments as "2025-10-10 20:15:12.3", in UTC.
  function ms(moment) {
    return typeof moment === "number" ? moment : Date.parse(`${moment.replace(" ", "T")}Z`);
  }

  function role(name) {
    return getComputedStyle(root).getPropertyValue(`--${name.replace("@", "")}`).trim();
  }

  function trace(line) {
    const color = role(line.color);
    const shared = { name: line.name, x: line.x || spec.x, y: line.y, connectgaps: false };
    if (line.marker) {
      const isOpen = line.marker.endsWith("-thin");
      return {
        ...shared, type: "scatter", mode: "markers", text: line.text,
        hovertemplate: "%{text}", showlegend: false, zorder: 100,
        marker: {
          symbol: line.marker, size: isOpen ? 12 : 10, color,
          line: { color: isOpen ? color : role("paper"), width: isOpen ? 3 : 1 },
        },
      };
    }
    if (line.isBar) {
      return { ...shared, type: "bar", width: line.width, marker: { color }, offset: 0 };
    }
    return {
      ...shared, type: "scatter", mode: "lines",
      line: { color, width: line.width, dash: line.dash },
      zorder: line.above || 0, showlegend: !line.isHidden && !line.isMinor, hoverinfo: line.isHidden ? "skip" : "all",
    };
  }

  function axis() {
    return {
      gridcolor: role("grid"), linecolor: role("rule"), zeroline: false,
      tickfont: { color: role("soft"), size: 12 }, automargin: false,
    };
  }

  function yAxis(chart) {
    const y = chart.y;
    const found = {
      ...axis(), fixedrange: true, hoverformat: y.hoverformat, separatethousands: true,
      exponentformat: "none",
    };
    if (y.range) found.range = y.range.slice();
    if (y.tickvals) Object.assign(found, { tickvals: y.tickvals, ticktext: y.ticktext });
    return found;
  }

  function layout(chart, width) {
    const isNarrow = width < 620;
    return {
      width, barmode: "stack", margin: { l: isNarrow ? 58 : 72, r: 14, t: 8, b: 46 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, color: role("ink"), size: 13 },
      separators: ".,", hovermode: "x unified", dragmode: isTouch ? false : "zoom",
      hoverdistance: 20,
      hoverlabel: {
        bgcolor: role("panel"), bordercolor: role("rule"), namelength: -1,
        font: { color: role("ink"), size: 12 },
      },
      legend: {
        orientation: "h", x: 0, xanchor: "left", y: 1.01, yanchor: "bottom",
        font: { size: 12, color: role("soft") }, bgcolor: "rgba(0,0,0,0)", itemwidth: 30,
      },
      xaxis: {
        ...axis(), type: "date", showgrid: false, ticks: "outside", tickcolor: role("rule"),
        ticklen: 4, range: [spec.x[0], spec.x[spec.x.length - 1]], nticks: isNarrow ? 5 : 12,
        hoverformat: "%-d %b %Y %H:%M:%S UTC", showspikes: true, spikemode: "across",
        spikethickness: 1, spikedash: "solid", spikecolor: role("muted"), spikesnap: "data",
        tickformatstops: [
          { dtickrange: [null, 60000], value: "%H:%M:%S\n%-d %b %Y" },
          { dtickrange: [60000, 86400000], value: "%H:%M\n%-d %b %Y" },
          { dtickrange: [86400000, "M1"], value: "%-d %b\n%Y" },
          { dtickrange: ["M1", null], value: "%b\n%Y" },
        ],
      },
      yaxis: yAxis(chart),
      shapes: [
        ...chart.bands.map(([from, to]) => ({
          type: "rect", layer: "below", xref: "x", yref: "paper", x0: from, x1: to, y0: 0, y1: 1,
          fillcolor: role("gap"), line: { width: 0 },
        })),
        ...(chart.lines || []).map((line) => ({
          type: "line", layer: "below", xref: "paper", yref: "y", x0: 0, x1: 1, y0: line.y,
          y1: line.y, line: { color: role(line.color), width: 1.5 },
        })),
      ],
      annotations: (chart.lines || []).map((line) => ({
        xref: "paper", yref: "y", x: 1, y: line.y, xanchor: "right", yanchor: line.isBelow ? "top" : "bottom",
        text: line.text, showarrow: false, font: { color: role(line.color), size: 12 },
      })),
    };
  }

  const config = { displayModeBar: false, responsive: false, doubleClick: false, scrollZoom: false };

  function draw(width) {
    spec.charts.forEach((chart, number) => {
      const plot = document.getElementById(`plot-${number}`);
      const wide = width || plot.clientWidth;
      const look = layout(chart, wide);
      look.height = plot.clientHeight;
      if (plot.span) Object.assign(look, zoomed(look, chart, plot.span));
      Plotly.react(plot, chart.data.map(trace), look, config);
    });
  }

  // The y range of what is in view: a zoom into a crash should fill the chart with it.
  function rangeWithin(chart, from, to) {
    let low = Infinity;
    let high = -Infinity;
    for (const line of chart.data) {
      const x = line.x || spec.x;
      for (let at = 0; at < x.length; at += 1) {
        if (x[at] >= from && x[at] <= to && line.y[at] !== null) {
          low = Math.min(low, line.y[at]);
          high = Math.max(high, line.y[at]);
        }
      }
    }
    const pad = 0.05 * (high - low) || 0.01 * Math.abs(high) || 1;
    return low > high ? null : [low - pad, high + pad];
  }

  function zoomed(look, chart, span) {
    const range = chart.y.isFixed ? null : rangeWithin(chart, span[0], span[1]);
    const limits = chart.y.range;
    if (range && limits) {
      range[0] = Math.max(range[0], limits[0]);
      range[1] = Math.min(range[1], limits[1]);
    }
    const yaxis = range && range[0] < range[1] ? { ...look.yaxis, range } : look.yaxis;
    return { xaxis: { ...look.xaxis, range: span.slice() }, yaxis };
  }

  function zoomAll(span) {
    plots.forEach((plot) => { plot.span = span; });
    draw();
  }

  let isEchoing = false;
  function link(plot) {
    plot.on("plotly_relayout", (change) => {
      const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (range[0] === undefined || isEchoing) return;
      isEchoing = true;
      zoomAll(range.map(ms));
      isEchoing = false;
    });
    plot.on("plotly_doubleclick", () => zoomAll(null));
    plot.on("plotly_hover", (seen) => {
      if (!seen.event || isEchoing) return;
      const at = ms(seen.xvals[0]);
      plots.filter((other) => other !== plot && isInView(other)).forEach((other) => {
        Plotly.Fx.hover(other, { xval: at, yval: 0 }, "xy", true);
      });
    });
    plot.on("plotly_unhover", () => {
      plots.filter((other) => other !== plot).forEach((other) => Plotly.Fx.unhover(other));
    });
  }

  function isInView(plot) {
    const box = plot.getBoundingClientRect();
    return box.bottom > 0 && box.top < window.innerHeight;
  }

  draw();
  spec.charts.forEach((_, number) => {
    const plot = document.getElementById(`plot-${number}`);
    plots.push(plot);
    link(plot);
  });

  let timer = 0;
  window.addEventListener("resize", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => draw(), 120);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  window.addEventListener("beforeprint", () => { root.classList.add("on-paper"); draw(680); });
  window.addEventListener("afterprint", () => { root.classList.remove("on-paper"); draw(); });
})();
