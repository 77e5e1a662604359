// One chart for each metric: training solid, validation dashed, a colour for each run.

const LIGHT = ["#0067a5", "#c2410c", "#147d4b", "#9333a8", "#a16207", "#be123c", "#0e7490", "#57534e"];
const DARK = ["#6cb6ff", "#ff9d66", "#5fd39a", "#d69bf0", "#e6c34a", "#ff8fa3", "#5fd3e6", "#c9c3bd"];
const dark = matchMedia("(prefers-color-scheme: dark)");

export function colour(run) {
  const palette = dark.matches ? DARK : LIGHT;
  return palette[(run - 1) % palette.length];
}

export function onThemeChange(listener) {
  dark.addEventListener("change", listener);
}

export function text(value) {
  if (value == null) return "";
  if (typeof value === "string") return value;    // NaN, Infinity, -Infinity
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(3);
  return Number.isInteger(value) ? String(value) : value.toPrecision(5);
}

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
  // `metric` is the name without "val_".
  constructor(metric, logarithmic) {
    this.metric = metric;
    this.logarithmic = logarithmic;
    this.figure = document.createElement("figure");
    this.figure.dataset.metric = metric;
    const title = document.createElement("h2");
    title.textContent = metric;
    this.place = document.createElement("div");
    this.place.setAttribute("role", "img");
    this.caption = document.createElement("figcaption");
    this.figure.append(title, this.place, this.caption);
    this.signature = null;
    this.plot = null;
    this.observer = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.observer.observe(this.place);
  }

  size() {
    return { width: Math.max(200, this.place.clientWidth), height: 260 };
  }

  // `lines`: list of {run, label, dashed, epochs, values}
  update(lines) {
    const tables = lines.map((line) => [line.epochs, line.values.map(this.drawable, this)]);
    const data = uPlot.join(tables);
    const signature = JSON.stringify(lines.map((line) => [line.run, line.label]));
    if (this.plot && signature === this.signature) {
      this.plot.setData(data);
    } else {
      this.plot?.destroy();
      this.plot = new uPlot(this.options(lines), data, this.place);
      this.signature = signature;
    }
    this.describe(lines);
  }

  drawable(value) {
    return typeof value !== "number" || (this.logarithmic && value <= 0) ? null : value;
  }

  options(lines) {
    const axis = {
      stroke: style("--faint"), font: "12px system-ui, sans-serif",
      grid: { stroke: style("--grid"), width: 1 }, ticks: { stroke: style("--grid"), width: 1 },
    };
    return {
      ...this.size(),
      scales: { x: { time: false }, y: { distr: this.logarithmic ? 3 : 1 } },
      axes: [
        { ...axis, size: 34, label: "epoch", labelSize: 20, labelFont: "12px system-ui, sans-serif",
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000] },
        { ...axis, size: 64, values: (plot, ticks) => ticks.map((tick) => tick == null ? "" : shortText(tick)) },
      ],
      series: [
        { label: "epoch" },
        ...lines.map((line) => ({
          label: line.label, stroke: colour(line.run), width: 2,
          dash: line.dashed ? [7, 5] : undefined,
          points: { show: line.epochs.length < 3, size: 6 },
          value: (plot, value) => value == null ? "–" : text(value),
        })),
      ],
      cursor: { sync: { key: "monitor" } },
      legend: { markers: { dash: (plot, index) => lines[index - 1]?.dashed ? "dashed" : "solid" } },
    };
  }

  // What the picture shows, for those who cannot see it, and what it cannot show.
  describe(lines) {
    const parts = lines.map((line) =>
      `${line.label}: ${text(line.values.at(-1))} at epoch ${line.epochs.at(-1)}`);
    this.place.setAttribute("aria-label", `${this.metric} by epoch. ${parts.join("; ")}`);
    const gone = lines.map((line) => [line, line.values.findIndex((value) => typeof value === "string")])
      .filter(([, index]) => index >= 0)
      .map(([line, index]) => `${line.label} is ${line.values[index]} at epoch ${line.epochs[index]}.`);
    this.caption.textContent = gone.join(" ");
  }

  remove() {
    this.observer.disconnect();
    this.plot?.destroy();
    this.figure.remove();
  }
}

function shortText(value) {
  const size = Math.abs(value);
  const rounded = Number(value.toPrecision(6));
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? rounded.toExponential() : String(rounded);
}
