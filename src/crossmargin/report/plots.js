"use strict";
// Draws charts that have no common time axis: each comes with its own traces and layout, as the
// library takes them. Strings that begin with @ are roles of colours and follow light, dark and paper.
(() => {
  const spec = JSON.parse(document.getElementById("spec").textContent);
  const root = document.documentElement;
  const config = { displayModeBar: false, responsive: false, doubleClick: false, scrollZoom: false };

  function role(name) {
    return getComputedStyle(root).getPropertyValue(`--${name.slice(1)}`).trim();
  }

  function coloured(value) {
    if (typeof value === "string") return value.startsWith("@") ? role(value) : value;
    if (Array.isArray(value)) return value.map(coloured);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, coloured(part)]));
  }

  function axis(own) {
    return {
      gridcolor: role("@grid"), linecolor: role("@rule"), zerolinecolor: role("@muted"),
      tickfont: { color: role("@soft"), size: 12 }, fixedrange: true, automargin: true,
      title: { font: { color: role("@soft"), size: 13 } }, ...own,
    };
  }

  function layout(chart, width, height) {
    const own = coloured(chart.layout);
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false,
      font: { family: getComputedStyle(document.body).fontFamily, color: role("@ink"), size: 13 },
      hoverlabel: {
        bgcolor: role("@panel"), bordercolor: role("@rule"), namelength: -1,
        font: { color: role("@ink"), size: 12 },
      },
      legend: {
        orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom",
        font: { size: 12, color: role("@soft") }, bgcolor: "rgba(0,0,0,0)",
      },
      margin: { l: 56, r: 14, t: 10, b: 46 },
      ...own, width, height, xaxis: axis(own.xaxis), yaxis: axis(own.yaxis),
    };
  }

  function draw(width) {
    spec.charts.forEach((chart, number) => {
      const plot = document.getElementById(`plot-${number}`);
      const wide = Math.min(width || plot.clientWidth, chart.widthMax || Infinity);
      Plotly.react(plot, coloured(chart.data), layout(chart, wide, chart.height), config);
    });
  }

  draw();
  let timer = 0;
  window.addEventListener("resize", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => draw(), 120);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  window.addEventListener("beforeprint", () => { root.classList.add("on-paper"); draw(680); });
  window.addEventListener("afterprint", () => { root.classList.remove("on-paper"); draw(); });
})();
