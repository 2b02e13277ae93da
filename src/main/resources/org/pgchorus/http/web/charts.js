// Charts over time by Chart.js, which is loaded before the modules run; and the same as a table.

import {Table, byId} from "./dom.js";
import {rate, seconds} from "./format.js";
import {colours} from "./words.js";

const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [1, 2], [10, 4], [4, 4], [12, 3, 3, 3]];
/** Redrawing costs more than looking. */
const PERIOD_MILLIS = 1900;

const LEAST_MILLIS = 60_000;

const theme = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = (millis) => new Date(millis).toLocaleTimeString("en-GB");

export class Charts {
  #past;
  #charts = [];
  #table;
  #drawn = 0;

  constructor(past) {
    this.#past = past;
    this.#add("lag", "Lag of each link in seconds", (since) => past.lag(since), seconds);
    this.#add("throughput", "Transactions applied by each link per second",
        (since) => past.throughput(since), rate);
    this.#add("rate", "Conflicts decided at each node per second",
        (since) => past.conflicts(since), rate);
    this.#table = new Table(byId("chart-table"), {
      label: "Charts as a table",
      key: (it) => it.chart + it.name,
      columns: [
        {title: "What", of: (it) => it.chart}, {title: "Where", of: (it) => it.name},
        {title: "Now", number: true, of: (it) => it.now},
        {title: "Mean", number: true, of: (it) => it.mean},
        {title: "Most", number: true, of: (it) => it.most},
      ],
    });
    byId("window").addEventListener("change", () => this.draw(true));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.dress());
  }

  #add(id, label, series, form) {
    const chart = new Chart(byId(id), {
      type: "line",
      data: {datasets: []},
      options: {
        animation: false, parsing: false, normalized: true, responsive: true,
        maintainAspectRatio: false, spanGaps: false,
        interaction: {mode: "nearest", axis: "x", intersect: false},
        elements: {point: {radius: 0, hitRadius: 8}, line: {borderWidth: 1.6, tension: 0}},
        plugins: {
          legend: {position: "bottom", align: "start",
            labels: {boxWidth: 22, boxHeight: 0, padding: 8, font: {size: 11}}},
          tooltip: {callbacks: {
            title: (items) => items.length ? clock(items[0].parsed.x) : "",
            label: (item) => ` ${item.dataset.label}: ${form(item.parsed.y)}`,
          }},
        },
        scales: {
          x: {type: "linear", ticks: {maxTicksLimit: 5, maxRotation: 0, callback: clock, font: {size: 11}}},
          y: {beginAtZero: true, suggestedMax: 1, ticks: {maxTicksLimit: 5, font: {size: 11}}},
        },
      },
    });
    this.#charts.push({chart, id, label, series, form});
    this.#paint(chart);
  }

  /** Takes the colours of the theme that is on now. */
  dress() {
    this.#charts.forEach(({chart}) => this.#paint(chart));
    this.draw(true);
  }

  #paint(chart) {
    chart.options.plugins.legend.labels.color = theme("--text");
    for (const axis of [chart.options.scales.x, chart.options.scales.y]) {
      axis.ticks.color = theme("--muted");
      axis.grid = {color: theme("--line")};
      axis.border = {color: theme("--line")};
    }
  }

  draw(now) {
    const time = performance.now();
    if (document.hidden || !now && time - this.#drawn < PERIOD_MILLIS) {
      return;
    }
    this.#drawn = time;
    const span = Number(byId("window").value) * 1000;
    // A page that was just opened does not show minutes in which nothing is known.
    const since = Math.max(this.#past.end - span,
        Math.min(this.#past.begin, this.#past.end - LEAST_MILLIS));
    const rows = [];
    for (const {chart, id, label, series, form} of this.#charts) {
      const all = series(since);
      chart.options.scales.x.min = since;
      chart.options.scales.x.max = this.#past.end;
      this.#take(chart, all);
      chart.update("none");
      const facts = all.map((it) => ({chart: label, name: it.name, ...summary(it.points, form)}));
      rows.push(...facts);
      byId(id).setAttribute("aria-label", `${label}. Now: `
          + facts.map((it) => `${it.name} ${it.now || "unknown"}`).join(", ") + ".");
    }
    this.#table.show(rows);
  }

  /** Keeps the lines there are, so that one that was hidden by a click stays so. */
  #take(chart, all) {
    const kept = new Map(chart.data.datasets.map((it) => [it.label, it]));
    const targets = [...new Set(all.map((it) => it.to))].sort();
    chart.data.datasets = all.map((it) => {
      const line = kept.get(it.name) ?? {label: it.name};
      line.data = it.points;
      line.borderColor = colours.of(it.from);
      line.backgroundColor = line.borderColor;
      line.borderDash = it.to ? DASHES[targets.indexOf(it.to) % DASHES.length] : [];
      return line;
    });
  }
}

function summary(points, form) {
  const values = points.map((it) => it.y).filter((it) => it !== null);
  if (values.length === 0) {
    return {now: "", mean: "", most: ""};
  }
  return {
    now: points.at(-1).y === null ? "" : form(points.at(-1).y),
    mean: form(values.reduce((a, b) => a + b) / values.length),
    most: form(values.reduce((a, b) => Math.max(a, b))),
  };
}
