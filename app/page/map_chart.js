// The embedding as a map: students that look alike to the search lie close together.

import { span } from "./axis.js";
import { h } from "./dom.js";
import { objectiveOf } from "./trials.js";
import { compact, counted, percent, score } from "./words.js";

const WAITING = new Set(["queued", "running"]);
const NAMES = { completed: "a student", stopped: "stopped early", failed: "failed", waiting: "proposed next" };
// Told apart in its order with any colour vision, and without colours (matplotlib's cividis).
const CIVIDIS = ["#00224e", "#1a386f", "#434e6c", "#61656f", "#7d7c78", "#9b9476", "#bcae6c", "#dec958", "#fee838"];
const SYMBOLS = { completed: "circle", stopped: "triangle-down-open", failed: "x-thin-open", waiting: "diamond-open" };

/** Returns the map of the trials; `surrogate` is what the server tells of a job's surrogate, or null. */
export function mapChart(job, trials, surrogate) {
  const { strategy } = job.request.search;
  if (strategy !== "embedding") return without(`This search learns no embedding: its strategy is ${strategy}.`);
  if (!surrogate?.map) return without("The map begins when three students have a result.");
  const { explained, points } = surrogate.map;
  if (!explained[0]) return without("The embedding does not tell the students apart yet.");
  const [label, valueOf] = objectiveOf(job);
  const known = new Map(trials.map(trial => [trial.number, trial]));
  const placed = points.filter(point => known.has(point.number))
    .map(point => ({ ...point, trial: known.get(point.number), kind: kindOf(known.get(point.number)) }));
  const values = placed.filter(one => one.kind === "completed").map(one => valueOf(one.trial));
  const scale = { label, valueOf, range: ends(values), best: job.best?.trial };
  return colours => ({
    traces: traces(placed, scale, colours),
    layout: {
      xaxis: axis("first component", explained[0]),
      yaxis: { ...axis("second component", explained[1]), scaleanchor: "x" },
    },
    words: inWords(placed, trials, explained, label),
    key: values.length ? colourKey(label, values, scale.range) : null,
    table: [["trial", "state", label, "parameters", "first component", "second component"],
      ...placed.map(({ trial, x, y }) => [trial.number, trial.state, score(valueOf(trial)),
        compact(trial.params), x.toFixed(3), y.toFixed(3)])],
  });
}

/** Returns which values the scale's ends are; what is far below all others has the lower end's colour. */
function ends(values) {
  if (!values.length) return [0, 1];
  const low = Math.max(span(values)[0], Math.min(...values));
  return [low, Math.max(...values, low + 1e-6)];
}

function without(words) {
  return () => ({ traces: null, words, table: null });
}

function kindOf({ state }) {
  return WAITING.has(state) ? "waiting" : NAMES[state] ? state : "stopped";
}

function axis(name, share) {
  return { title: `${name} (${percent(share)})`, showticklabels: false, ticks: "" };
}

function traces(placed, { label, valueOf, range, best }, { ink, faint, student }) {
  const plain = { stopped: faint, failed: faint, waiting: student };
  const trace = (of, name, marker) => ({
    name, x: of.map(one => one.x), y: of.map(one => one.y), type: "scatter", mode: "markers",
    customdata: of.map(one => one.number), text: of.map(({ trial }) => told(trial, label, valueOf)),
    hovertemplate: "%{text}<extra></extra>", marker,
  });
  const coloured = (of, more) => ({
    color: of.map(one => valueOf(one.trial)), cmin: range[0], cmax: range[1],
    colorscale: CIVIDIS.map((colour, i) => [i / (CIVIDIS.length - 1), colour]), ...more,
  });
  const of = kind => placed.filter(one => one.kind === kind && one.number !== best);
  const first = placed.filter(one => one.number === best && one.kind === "completed");
  return [
    trace(of("completed"), NAMES.completed, coloured(of("completed"),
      { size: 9, symbol: SYMBOLS.completed, line: { color: faint, width: 1 } })),
    ...["stopped", "failed", "waiting"].filter(kind => of(kind).length).map(kind =>
      trace(of(kind), NAMES[kind], { color: plain[kind], size: kind === "waiting" ? 12 : 8,
        symbol: SYMBOLS[kind], line: { color: plain[kind], width: 2 } })),
    ...(first.length ? [trace(first, "the best student",
      coloured(first, { size: 16, symbol: "star", line: { color: ink, width: 1.5 } }))] : []),
  ];
}

/** Returns what the colours mean; plotly's own bar would need styles that the page's policy forbids. */
function colourKey(label, values, [low, high]) {
  const bar = h("span", { class: "colours" });
  bar.style.background = `linear-gradient(to right, ${CIVIDIS.join(", ")})`;
  const less = values.some(value => value < low) ? " or less" : "";
  return h("div", { class: "scale" }, h("span", {}, `${label} ${low.toFixed(3)}${less}`), bar, h("span", {}, high.toFixed(3)));
}

function told(trial, label, valueOf) {
  const value = valueOf(trial) == null ? trial.state : `${label} ${score(valueOf(trial))}`;
  return `trial ${trial.number}: ${value}, ${compact(trial.params)} parameters`;
}

function inWords(placed, trials, [first, second], label) {
  const waiting = placed.filter(one => one.kind === "waiting").length;
  const left = trials.length - placed.length;
  return `Each mark is a student, near those whose layers look alike to the search, coloured by ${label}. `
    + `The axes explain ${percent(first + second)} of the variance of what it sees in them.`
    + (waiting ? ` ${counted(waiting, "student")} ${waiting === 1 ? "is" : "are"} proposed and not measured yet.` : "")
    + (left > 0 ? ` ${counted(left, "trial")} ${left === 1 ? "is" : "are"} not on it.` : "");
}
