// The embedding as a map: students that look alike to the search lie close together.

import { span } from "./axis.js";
import { objectiveOf } from "./trials.js";
import { compact, counted, percent, score } from "./words.js";

const WAITING = new Set(["queued", "running"]);
const NAMES = { completed: "a student", stopped: "stopped early", failed: "failed", waiting: "proposed next" };
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
  const scale = { label, valueOf, range: span(values), best: job.best?.trial };
  return colours => ({
    traces: traces(placed, scale, colours),
    layout: {
      xaxis: axis("first component", explained[0]),
      yaxis: { ...axis("second component", explained[1]), scaleanchor: "x" },
    },
    words: inWords(placed, trials, explained, label),
    table: [["trial", "state", label, "parameters", "first component", "second component"],
      ...placed.map(({ trial, x, y }) => [trial.number, trial.state, score(valueOf(trial)),
        compact(trial.params), x.toFixed(3), y.toFixed(3)])],
  });
}

function without(words) {
  return () => ({ traces: null, words, table: null });
}

function kindOf({ state }) {
  return WAITING.has(state) ? "waiting" : NAMES[state] ? state : "stopped";
}

function axis(name, share) {
  return { title: `${name}: ${percent(share)} of the variance`, showticklabels: false, ticks: "" };
}

function traces(placed, { label, valueOf, range, best }, { ink, faint, student }) {
  const plain = { stopped: faint, failed: faint, waiting: student };
  const trace = (of, name, marker) => ({
    name, x: of.map(one => one.x), y: of.map(one => one.y), type: "scatter", mode: "markers",
    customdata: of.map(one => one.number), text: of.map(({ trial }) => told(trial, label, valueOf)),
    hovertemplate: "%{text}<extra></extra>", marker,
  });
  const coloured = (of, more) => ({
    color: of.map(one => valueOf(one.trial)), cmin: range[0], cmax: range[1], colorscale: "Cividis", ...more,
  });
  const of = kind => placed.filter(one => one.kind === kind && one.number !== best);
  const bar = { title: { text: label, side: "top", font: { color: ink } }, thickness: 12, outlinewidth: 0,
    tickfont: { color: faint }, nticks: 6, xpad: 4 };
  const first = placed.filter(one => one.number === best && one.kind === "completed");
  return [
    trace(of("completed"), NAMES.completed, coloured(of("completed"),
      { size: 10, symbol: SYMBOLS.completed, line: { color: faint, width: 1 }, colorbar: bar })),
    ...["stopped", "failed", "waiting"].filter(kind => of(kind).length).map(kind =>
      trace(of(kind), NAMES[kind], { color: plain[kind], size: kind === "waiting" ? 12 : 8,
        symbol: SYMBOLS[kind], line: { color: plain[kind], width: 2 } })),
    ...(first.length ? [trace(first, "the best student",
      coloured(first, { size: 18, symbol: "star", line: { color: ink, width: 1.5 } }))] : []),
  ];
}

function told(trial, label, valueOf) {
  const value = valueOf(trial) == null ? trial.state : `${label} ${score(valueOf(trial))}`;
  return `trial ${trial.number}: ${value}, ${compact(trial.params)} parameters`;
}

function inWords(placed, trials, [first, second], label) {
  const waiting = placed.filter(one => one.kind === "waiting").length;
  const left = trials.length - placed.length;
  return `Each mark is a student, near those whose layers look alike to the search, coloured by ${label}. `
    + `The two axes explain ${percent(first + second)} of the variance of what it sees in them.`
    + (waiting ? ` ${counted(waiting, "student")} ${waiting === 1 ? "is" : "are"} proposed and not measured yet.` : "")
    + (left > 0 ? ` ${counted(left, "trial")} ${left === 1 ? "is" : "are"} not on it.` : "");
}
