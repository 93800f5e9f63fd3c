extension SweepPage {
  static let head = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>TITLE</title>
    <style>
    body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
      color: #1b1f24; background: #fff; }
    h1 { font-size: 1.5rem; margin: 0; }
    p { color: #57606a; margin: .3rem 0 1rem; }
    .controls { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; margin-bottom: .5rem; }
    select, input { font: inherit; padding: .15rem .4rem; }
    svg { width: 100%; height: auto; border: 1px solid #d0d7de; border-radius: 6px; }
    circle { cursor: pointer; fill: #8c959f; }
    circle.front { fill: #0969da; }
    circle.base { fill: #cf222e; }
    circle.pruned { fill: #eaeef2; stroke: #8c959f; }
    circle.chosen { stroke: #1b1f24; stroke-width: 2.5; }
    .front-line { fill: none; stroke: #0969da; stroke-width: 1.2; opacity: .6; }
    .axis { stroke: #d0d7de; } text { fill: #57606a; font-size: 12px; }
    .tip { position: fixed; pointer-events: none; background: #1b1f24; color: #fff; padding: .3rem .5rem;
      border-radius: 4px; font-size: 13px; display: none; max-width: 30rem; }
    table { border-collapse: collapse; width: 100%; margin-top: 1rem; font-variant-numeric: tabular-nums; }
    .scroll { overflow-x: auto; }
    td:first-child { min-width: 16rem; }
    th, td { text-align: right; padding: .2rem .5rem; border-bottom: 1px solid #eaeef2; }
    th:first-child, td:first-child { text-align: left; }
    th { cursor: pointer; position: sticky; top: 0; background: #fff; }
    tr.chosen { background: #ddf4ff; }
    .bar { display: flex; height: 1.4rem; border-radius: 4px; overflow: hidden; margin: .3rem 0; }
    .legend span { display: inline-block; margin-right: 1rem; }
    .legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .3rem; }
    dl { display: grid; grid-template-columns: max-content auto; gap: .1rem 1rem; margin: .5rem 0; }
    dt { color: #57606a; } dd { margin: 0; }
    </style>
    </head>
    <body>

    """

  static let controls = """
    <div class="controls">
    <label>across <select id="x"></select></label>
    <label>up <select id="y"></select></label>
    <label>filter <input id="filter" placeholder="mamba2, window=512 …"></label>
    <label><input type="checkbox" id="log"> logarithmic</label>
    <span id="count"></span>
    </div>
    <svg id="plot" viewBox="0 0 900 480" role="img" aria-label="Variants by two metrics"></svg>
    <div class="tip" id="tip"></div>
    <div id="detail"></div>
    <div class="scroll"><table><thead id="head"></thead><tbody id="rows"></tbody></table></div>

    """

  static let script = """
    "use strict";
    const data = JSON.parse(document.getElementById("data").textContent);
    const byId = id => document.getElementById(id);
    const colours = ["#0969da", "#1a7f37", "#bf8700", "#8250df", "#cf222e", "#1b7c83", "#bc4c00", "#6e7781"];
    const state = {x: data.across, y: data.up, filter: "", log: data.logarithmic, chosen: 0, sort: -1, down: false};
    const units = [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
    const scales = {
      bytes: [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [1024, "KiB"], [1, "B"]],
      nanoseconds: [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]],
    };
    function show(value, i, digits = 3) {
      if (value === null) return "";
      for (const [size, unit] of scales[data.units[i]] ?? units)
        if (value >= size) return (value / size).toPrecision(digits) + " " + unit;
      return String(value);
    }
    function shown() {
      const words = state.filter.toLowerCase().split(/[\\s,]+/).filter(word => word);
      return data.points.map((point, index) => ({point, index})).filter(({point}) => {
        const text = (point.name + " " + point.id + " " + Object.entries(point.settings).map(e => e.join("=")).join(" ")).toLowerCase();
        return words.every(word => text.includes(word));
      });
    }
    // A variant is on the front when no other is at least as small in both metrics and smaller in one.
    function front(points) {
      const sorted = points.filter(p => p.point.kept).sort((a, b) =>
        a.point.values[state.x] - b.point.values[state.x] || a.point.values[state.y] - b.point.values[state.y]);
      const result = [];
      let best = Infinity;
      for (const entry of sorted) if (entry.point.values[state.y] < best) {
        best = entry.point.values[state.y];
        result.push(entry);
      }
      return result;
    }
    function element(name, attributes, parent) {
      const node = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      parent.appendChild(node);
      return node;
    }
    function scale(values, from, to) {
      const map = state.log ? v => Math.log10(Math.max(v, 1)) : v => v;
      let low = Math.min(...values.map(map)), high = Math.max(...values.map(map));
      const room = (high - low) * 0.06 || Math.abs(high) * 0.05 || 1;
      low -= room; high += room;
      return {
        at: v => from + (map(v) - low) / (high - low) * (to - from),
        ticks: [0, 1, 2, 3, 4].map(i => low + (high - low) * (i + 0.5) / 5).map(v => state.log ? 10 ** v : v),
      };
    }
    function draw() {
      const all = shown(), plot = byId("plot");
      plot.replaceChildren();
      byId("count").textContent = all.length + " of " + data.points.length + " variants";
      // What was not measured has no place in the picture.
      const points = all.filter(({point}) => point.values[state.x] !== null && point.values[state.y] !== null);
      if (points.length) {
        const x = scale(points.map(p => p.point.values[state.x]), 80, 880);
        const y = scale(points.map(p => p.point.values[state.y]), 430, 20);
        const labels = (ticks, i) => {
          for (const digits of [3, 4, 5, 6]) {
            const texts = ticks.map(tick => show(Math.round(tick), i, digits));
            if (new Set(texts).size === texts.length || digits === 6) return texts;
          }
        };
        const across = labels(x.ticks, state.x), up = labels(y.ticks, state.y);
        for (const [i, tick] of x.ticks.entries()) {
          element("line", {x1: x.at(tick), x2: x.at(tick), y1: 20, y2: 430, class: "axis"}, plot);
          element("text", {x: x.at(tick), y: 448, "text-anchor": "middle"}, plot).textContent = across[i];
        }
        for (const [i, tick] of y.ticks.entries()) {
          element("line", {x1: 80, x2: 880, y1: y.at(tick), y2: y.at(tick), class: "axis"}, plot);
          element("text", {x: 74, y: y.at(tick) + 4, "text-anchor": "end"}, plot).textContent = up[i];
        }
        element("text", {x: 480, y: 470, "text-anchor": "middle"}, plot).textContent = data.metrics[state.x];
        element("text", {x: 84, y: 14}, plot).textContent = data.metrics[state.y];
        const best = front(points), isFront = new Set(best.map(p => p.index));
        element("polyline", {class: "front-line", points: best.map(p =>
          x.at(p.point.values[state.x]) + "," + y.at(p.point.values[state.y])).join(" ")}, plot);
        const last = points.slice().sort((a, b) => (a.point.name === "base") - (b.point.name === "base"));
        for (const {point, index} of last) {
          const kind = !point.kept ? "pruned" : point.name === "base" ? "base" : isFront.has(index) ? "front" : "";
          const dot = element("circle", {
            cx: x.at(point.values[state.x]), cy: y.at(point.values[state.y]), r: 5,
            class: kind + (index === state.chosen ? " chosen" : ""), "data-id": point.id}, plot);
          dot.addEventListener("mousemove", event => {
            const tip = byId("tip");
            tip.style.display = "block";
            tip.style.left = event.clientX + 12 + "px";
            tip.style.top = event.clientY + 12 + "px";
            tip.textContent = point.name + ": " + show(point.values[state.x], state.x) + ", " + show(point.values[state.y], state.y);
          });
          dot.addEventListener("mouseleave", () => byId("tip").style.display = "none");
          dot.addEventListener("click", () => { state.chosen = index; draw(); });
        }
      }
      table(all);
      detail();
    }
    function table(points) {
      const rows = points.slice();
      // What was not measured stands last, whichever way is sorted.
      if (state.sort >= 0) rows.sort((a, b) => {
        const [left, right] = [a.point.values[state.sort], b.point.values[state.sort]];
        if (left === null || right === null) return (left === null) - (right === null);
        return (left - right) * (state.down ? -1 : 1);
      });
      byId("head").replaceChildren(line(["variant", ...data.metrics], "th", i => {
        if (i === 0) { state.sort = -1; } else { state.down = state.sort === i - 1 && !state.down; state.sort = i - 1; }
        draw();
      }));
      byId("rows").replaceChildren(...rows.slice(0, 500).map(({point, index}) => {
        const row = line([point.name, ...point.values.map((v, i) => show(v, i))], "td", () => { state.chosen = index; draw(); });
        if (index === state.chosen) row.className = "chosen";
        return row;
      }));
    }
    function line(cells, kind, click) {
      const row = document.createElement("tr");
      cells.forEach((text, i) => {
        const cell = document.createElement(kind);
        cell.textContent = text;
        cell.addEventListener("click", () => click(i));
        row.appendChild(cell);
      });
      return row;
    }
    function detail() {
      const point = data.points[state.chosen], box = byId("detail");
      box.replaceChildren();
      if (!point) return;
      const heading = document.createElement("h2");
      heading.textContent = point.name + " (" + point.id + ")";
      box.appendChild(heading);
      const list = document.createElement("dl");
      for (const [key, value] of Object.entries(point.settings)) {
        list.appendChild(document.createElement("dt")).textContent = key;
        list.appendChild(document.createElement("dd")).textContent = value;
      }
      box.appendChild(list);
      const total = point.classes.reduce((a, b) => a + b, 0) || 1;
      const bar = document.createElement("div"), legend = document.createElement("div");
      bar.className = "bar"; legend.className = "legend";
      point.classes.forEach((value, i) => {
        if (!value) return;
        const part = document.createElement("div");
        part.style.flex = value / total; part.style.background = colours[i % colours.length];
        part.title = data.classes[i];
        bar.appendChild(part);
        const word = document.createElement("span"), mark = document.createElement("i");
        mark.style.background = colours[i % colours.length];
        word.append(mark, data.classes[i] + " " + (100 * value / total).toPrecision(3) + " %");
        legend.appendChild(word);
      });
      box.append(bar, legend);
    }
    for (const id of ["x", "y"]) {
      data.metrics.forEach((metric, i) => {
        const option = document.createElement("option");
        option.value = i; option.textContent = metric;
        byId(id).appendChild(option);
      });
      byId(id).value = state[id];
      byId(id).addEventListener("change", event => { state[id] = Number(event.target.value); draw(); });
    }
    byId("log").checked = state.log;
    byId("filter").addEventListener("input", event => { state.filter = event.target.value; draw(); });
    byId("log").addEventListener("change", event => { state.log = event.target.checked; draw(); });
    draw();
    document.body.dataset.ready = "yes";

    """
}
