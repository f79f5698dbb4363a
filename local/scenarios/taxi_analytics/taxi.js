(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const map = document.getElementById("map"), lines = document.getElementById("lines");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const scales = {
    light: [[0, "#f8cfa4"], [.3, "#f0905f"], [.55, "#d3436e"], [.8, "#812581"], [1, "#2a1152"]],
    dark: [[0, "#65429f"], [.3, "#a3378c"], [.55, "#de4968"], [.8, "#fe9f6d"], [1, "#fcfdbf"]]
  };

  function theme() {
    const night = dark.matches, ink = night ? "#e9edf0" : "#1d2329", grid = night ? "#29323a" : "#e4e7e9";
    if (lines) Plotly.relayout(lines, {
      "font.color": ink, "xaxis.gridcolor": grid, "yaxis.gridcolor": grid,
      "hoverlabel.bgcolor": night ? "#161c22" : "#ffffff"
    });
    if (!map) return;
    const change = { "font.color": ink, plot_bgcolor: night ? "#0b1a26" : "#d9e6ee" };
    map.layout.shapes.forEach(function (shape, index) {
      const land = shape.name === "land", key = "shapes[" + index + "].";
      change[key + "line.color"] = land ? (night ? "#34404a" : "#c3cacd") : ink;
      if (land) change[key + "fillcolor"] = night ? "#1a2128" : "#f7f6f1";
    });
    Plotly.relayout(map, change);
    Plotly.restyle(map, { colorscale: [night ? scales.dark : scales.light] }, [0]);
  }

  // Step 0 is the whole time, step n the n-th hour.
  function tripsOf(step) {
    const trips = new Map();
    (step ? [data.counts[step - 1]] : data.counts).forEach(function (pairs) {
      for (let i = 0; i < pairs.length; i += 2) trips.set(pairs[i], (trips.get(pairs[i]) || 0) + pairs[i + 1]);
    });
    return trips;
  }

  function most(steps) {
    return Math.max.apply(null, steps.map(function (step) {
      let top = 3;
      tripsOf(step).forEach(function (count) { top = Math.max(top, count); });
      return top;
    }));
  }

  function matrix(height, width) {
    return Array.from({ length: height }, function () { return new Array(width).fill(null); });
  }

  if (map) {
    const slider = document.getElementById("hour"), now = document.getElementById("now");
    const play = document.getElementById("play");
    const width = Math.max.apply(null, data.columns) + 1, height = Math.max.apply(null, data.rows) + 1;
    const hourly = data.hours.map(function (_, index) { return index + 1; });
    // All hours share one scale, so that they compare; the whole time has its own.
    const tops = { whole: most([0]), hour: most(hourly) };
    const days = new Set(data.hours.map(function (hour) { return hour.slice(0, 10); }));
    const whole = days.size === 1 ? "whole day" : "all hours";
    let timer = null;

    const show = function (step) {
      const z = matrix(height, width), text = matrix(height, width), label = step ? data.labels[step - 1] : whole;
      let total = 0;
      tripsOf(step).forEach(function (count, cell) {
        const row = data.rows[cell], column = data.columns[cell];
        total += count;
        z[row][column] = Math.log10(count);
        text[row][column] = "<b>" + count.toLocaleString("en") + (count === 1 ? " trip" : " trips") + "</b><br>" +
          label + "<br>cell " + data.cells[cell];
      });
      Plotly.restyle(map, {
        x0: data.west, dx: data.width, y0: data.south, dy: data.height, z: [z], text: [text],
        zmax: Math.log10(step ? tops.hour : tops.whole)
      }, [0]);
      slider.value = step;
      slider.setAttribute("aria-valuetext", label);
      now.textContent = label + " · " + total.toLocaleString("en") + (total === 1 ? " trip" : " trips");
      if (lines) Plotly.relayout(lines, { shapes: step ? [{
        type: "line", yref: "paper", y0: 0, y1: 1, x0: data.hours[step - 1] + ":00", x1: data.hours[step - 1] + ":00",
        line: { color: "#8a959e", width: 1, dash: "dash" }
      }] : [] });
    };
    const stop = function () {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
      play.setAttribute("aria-pressed", "false");
      now.setAttribute("aria-live", "polite");
    };
    // The address names the hour, so that a link can.
    const named = function () { return data.hours.indexOf(decodeURIComponent(location.hash.slice(1))) + 1; };

    // A finger on the map is to scroll the page.
    if (window.matchMedia("(pointer: coarse)").matches) Plotly.relayout(map, { dragmode: false });
    slider.max = data.hours.length;
    slider.addEventListener("input", function () { stop(); show(Number(slider.value)); });
    slider.addEventListener("change", function () {
      const step = Number(slider.value);
      history.replaceState(null, "", "#" + (step ? data.hours[step - 1] : ""));
    });
    window.addEventListener("hashchange", function () { stop(); show(named()); });
    play.addEventListener("click", function () {
      if (timer) return stop();
      play.textContent = "Pause";
      play.setAttribute("aria-pressed", "true");
      now.setAttribute("aria-live", "off");
      timer = setInterval(function () { show(Number(slider.value) % data.hours.length + 1); }, 900);
    });
    show(named());
  }
  theme();
  dark.addEventListener("change", theme);
})();
