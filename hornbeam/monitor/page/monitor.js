// Asks the server twice a second what is new, and shows it. All text from runs goes in as text.
import { Chart, colour, onThemeChange, text } from "./charts.js";

const SHOWN_AT_FIRST = 5;      // the newest runs
const $ = (id) => document.getElementById(id);

let version = null;            // of what is shown
let runs = [];                 // as the server lists them, the newest first
const known = new Map();       // run's id -> {epochs, values: Map(name -> list)}
const ticked = new Map();      // run's id -> whether it is shown
const charts = new Map();      // metric -> Chart

const titleOf = (run) => run.name || `Run ${run.id}`;
const plainName = (name) => name.replace(/^val_/, "");

async function ask(path, options) {
  const response = await fetch(path, { ...options, signal: AbortSignal.timeout(10000) });
  if (!response.ok) throw new Error(await response.text());
  return response.status === 204 ? null : response.json();
}

async function poll() {
  try {
    const news = await ask(`api/runs${version === null ? "" : `?version=${version}`}`);
    if (news) await take(news);
    const count = runs.length;
    say(`Live · ${count === 1 ? "1 run" : `${count} runs`}`, false);
  } catch (error) {
    say("The monitor does not answer. Is `hornbeam monitor` still running?", true);
  }
}

async function loop() {
  if (!document.hidden) await poll();
  setTimeout(loop, 500);
}

function say(words, broken) {
  if ($("status").textContent !== words) $("status").textContent = words;
  $("status").classList.toggle("broken", broken);
}

async function take(news) {
  runs = news.runs;
  const ids = new Set(runs.map((run) => run.id));
  for (const id of [...known.keys()]) if (!ids.has(id)) known.delete(id);
  const first = version === null;
  runs.forEach((run, index) => {
    if (!ticked.has(run.id)) ticked.set(run.id, !first || index < SHOWN_AT_FIRST);
  });
  await Promise.all(shownRuns().map(load));
  version = news.version;
  show();
}

const shownRuns = () => runs.filter((run) => ticked.get(run.id));

// Fetches the epochs of a run that are not here yet.
async function load(run) {
  let data = known.get(run.id);
  if (data?.began !== run.began) {      // new, or the monitor has another file now
    data = { began: run.began, epochs: [], values: new Map() };
    known.set(run.id, data);
  }
  while ((data.epochs.at(-1) ?? -1) < run.epoch) {
    const points = await ask(`api/runs/${run.id}/points?after=${data.epochs.at(-1) ?? -1}`);
    if (!points.length) return;
    for (const [epoch, logs] of points) {
      data.epochs.push(epoch);
      for (const name of Object.keys(logs)) {
        if (!data.values.has(name)) data.values.set(name, []);
      }
      for (const [name, values] of data.values) {
        while (values.length < data.epochs.length - 1) values.push(undefined);
        values.push(Object.hasOwn(logs, name) ? logs[name] : undefined);
      }
    }
  }
}

function show() {
  const none = runs.length === 0;
  $("empty").hidden = !none;
  $("runs").hidden = none;
  $("none-shown").hidden = none || shownRuns().length > 0;
  showCharts();
  showTable();
}

// The loss first, then in the order of the logs.
function metricsOf(chosen) {
  const names = new Set();
  for (const run of [...chosen].reverse()) {
    for (const name of known.get(run.id)?.values.keys() ?? []) names.add(plainName(name));
  }
  const list = [...names];
  return [...list.filter((name) => name === "loss"), ...list.filter((name) => name !== "loss")];
}

function linesOf(metric, chosen) {
  const lines = [];
  for (const run of [...chosen].reverse()) {
    const data = known.get(run.id);
    for (const [name, dashed] of [[metric, false], [`val_${metric}`, true]]) {
      if (!data?.values.has(name)) continue;
      const values = data.values.get(name), epochs = [], present = [];
      values.forEach((value, index) => {
        if (value !== undefined) { epochs.push(data.epochs[index]); present.push(value); }
      });
      lines.push({ run: run.id, label: `${titleOf(run)} ${name}`, dashed, epochs, values: present });
    }
  }
  return lines;
}

function showCharts() {
  const chosen = shownRuns(), metrics = metricsOf(chosen);
  for (const [metric, chart] of [...charts]) {
    if (!metrics.includes(metric)) { chart.remove(); charts.delete(metric); }
  }
  for (const metric of metrics) {
    if (!charts.has(metric)) charts.set(metric, new Chart(metric, $("logarithmic").checked));
  }
  const figures = metrics.map((metric) => charts.get(metric).figure);
  if (figures.some((figure, index) => $("charts").children[index] !== figure)) {
    $("charts").replaceChildren(...figures);
  }
  for (const metric of metrics) charts.get(metric).update(linesOf(metric, chosen));
}

function rebuildCharts() {
  for (const chart of charts.values()) chart.remove();
  charts.clear();
  show();
}

function element(tag, words, className) {
  const made = document.createElement(tag);
  if (words !== undefined) made.textContent = words;
  if (className) made.className = className;
  return made;
}

function showTable() {
  const names = [...new Set(runs.filter((run) => ticked.get(run.id)).flatMap((run) => Object.keys(run.logs)))]
    .sort((a, b) => plainName(a).localeCompare(plainName(b)) || a.length - b.length)
    .sort((a, b) => (plainName(b) === "loss") - (plainName(a) === "loss"));
  $("columns").replaceChildren(...["Show", "Run", "Started", "Last epoch", ...names, ""].map((name, index) => {
    const head = element("th", name, index === 1 ? "name" : "");
    head.scope = "col";
    return head;
  }));
  const focused = document.activeElement?.dataset?.focus;
  $("rows").replaceChildren(...runs.map((run) => rowOf(run, names)));
  if (focused) document.querySelector(`[data-focus="${focused}"]`)?.focus();
}

function rowOf(run, names) {
  const row = element("tr");
  row.dataset.run = run.id;
  const box = element("input");
  box.type = "checkbox";
  box.checked = ticked.get(run.id);
  box.dataset.focus = `show-${run.id}`;
  box.setAttribute("aria-label", `Show ${titleOf(run)}`);
  box.addEventListener("change", async () => {
    ticked.set(run.id, box.checked);
    try { if (box.checked) await load(run); } catch { /* the next poll says it */ }
    show();
  });
  const boxCell = element("td");
  boxCell.append(box);
  const name = element("th", undefined, "name"), key = element("span", "", "key");
  name.scope = "row";
  name.title = titleOf(run);
  key.style.borderColor = colour(run.id);
  name.append(key, titleOf(run));
  const began = element("td", new Date(run.began * 1000).toLocaleString());
  const epoch = element("td", String(run.epoch), "epoch");
  const cells = names.map((each) => {
    const value = run.logs[each];
    return element("td", text(value), typeof value === "string" ? "bad" : "");
  });
  const remove = element("button", "Delete");
  remove.type = "button";
  remove.dataset.focus = `delete-${run.id}`;
  remove.setAttribute("aria-label", `Delete ${titleOf(run)}`);
  remove.addEventListener("click", async () => {
    if (!confirm(`Forget ${titleOf(run)} and its ${run.epoch + 1} epochs? This cannot be undone.`)) return;
    try { await ask(`api/runs/${run.id}`, { method: "DELETE" }); } catch { /* gone already */ }
    await poll();
  });
  const last = element("td");
  last.append(remove);
  row.append(boxCell, name, began, epoch, ...cells, last);
  return row;
}

if (location.port !== "9000") {
  $("root").textContent = `root="${location.origin}"`;
  $("root-named").textContent = `root="${location.origin}", `;
}
$("logarithmic").addEventListener("change", rebuildCharts);
onThemeChange(rebuildCharts);
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
loop();
