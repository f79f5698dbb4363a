(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function theme() {
    const night = dark.matches, ink = night ? "#e9edf0" : "#1d2329", grid = night ? "#29323a" : "#e4e7e9";
    data.charts.forEach(function (name) {
      const chart = document.getElementById(name);
      Plotly.relayout(chart, {
        "font.color": ink, "xaxis.gridcolor": grid, "yaxis.gridcolor": grid,
        "hoverlabel.bgcolor": night ? "#161c22" : "#ffffff"
      });
      // The instances are a haze, through which the average has to be seen.
      Plotly.restyle(chart, { "line.color": [night ? "rgba(111,168,232,.35)" : "rgba(47,111,189,.22)"] }, [0]);
      Plotly.restyle(chart, { "line.color": [night ? "#f7906a" : "#b3305d"] }, [1]);
    });
  }

  theme();
  dark.addEventListener("change", theme);
})();
