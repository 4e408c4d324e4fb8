// What a search has found: accuracy against cost, learning curves.

import { belowInWords, marks, span } from "./axis.js";
import { completed, finalBest } from "./trials.js";
import { COSTS, compact, counted, percent } from "./words.js";

/** Returns the chart of accuracy against one cost, with the best at each cost and the limit. */
export function costChart(job, trials, cost) {
  const done = completed(trials);
  const front = unbeaten(done, cost);
  const limit = limitOf(job, cost);
  const name = COSTS[cost];
  const teacher = job.teacher;
  const final = finalBest(job, done);
  const accuracies = [...done, ...(final ? [final] : [])].map(one => one.accuracy);
  const range = span([...accuracies, ...(teacher ? [teacher.accuracy] : [])], 1);
  return colour => ({
    traces: costTraces(done, front, cost, job, colour),
    layout: {
      xaxis: costAxis([...done.map(one => one[cost]), teacher?.[cost], limit], name),
      yaxis: { title: "accuracy on validation", tickformat: ".1%", range },
      shapes: limit ? [limitLine(limit, colour)] : [],
      annotations: limit ? [limitText(limit, colour)] : [],
    },
    words: (done.length
      ? `${front.length} of ${done.length} students are beaten by no other on accuracy and ${name}`
      : "No student has been trained yet") + (limit ? `; at most ${compact(limit)} ${name} are allowed.` : ".")
      + belowInWords(accuracies, range),
    table: [["trial", name, "accuracy", "beaten by none"],
      ...done.map(one => [one.number, one[cost].toLocaleString(), percent(one.accuracy),
        front.includes(one) ? "yes" : ""])],
  });
}

/** Returns the chart of the accuracies after each epoch, one trial's in front. */
export function curvesChart(trials, chosen) {
  const curves = trials.filter(trial => trial.curve);
  const own = curves.find(trial => trial.number === chosen);
  const epochs = Math.max(1, ...curves.map(one => one.curve.length));
  const line = (trial, style) => ({
    x: trial.curve.map((_, i) => i + 1), y: trial.curve, type: "scatter",
    mode: trial.curve.length > 1 ? "lines" : "markers", customdata: trial.curve.map(() => trial.number),
    hovertemplate: `trial ${trial.number}, epoch %{x}: %{y:.1%}<extra></extra>`, ...style,
  });
  return ({ student, trial }) => ({
    traces: [
      ...curves.filter(one => one !== own).slice(-200).map((one, i) => line(one, {
        name: "other trials", showlegend: i === 0, legendgroup: "others", opacity: 0.5,
        line: { color: trial, width: 1, dash: one.state === "stopped" ? "dot" : "solid" },
        marker: { color: trial },
      })),
      ...(own ? [line(own, {
        name: `trial ${own.number}`, mode: "lines+markers", line: { color: student, width: 3 },
        marker: { color: student, size: 7 },
      })] : []),
    ],
    layout: {
      xaxis: { title: "epoch", dtick: Math.ceil(epochs / 8), range: [0.9, Math.max(epochs, 2) + 0.1] },
      yaxis: { title: "accuracy on validation", tickformat: ".0%",
        range: span(curves.flatMap(one => one.curve), 1) },
    },
    words: own
      ? `Trial ${own.number} came to ${percent(own.curve.at(-1))} in ${counted(own.curve.length, "epoch")}`
        + (own.state === "stopped" ? ", and was stopped." : ".")
      : "Choose a trial in a chart or in the table to see its curve.",
    table: [["epoch", "accuracy"], ...(own?.curve ?? []).map((one, i) => [i + 1, percent(one)])],
  });
}

/** Returns the trials that no other beats on accuracy and a cost, the cheapest first. */
export function unbeaten(trials, cost) {
  const found = [];
  for (const one of [...trials].sort((a, b) => a[cost] - b[cost] || b.accuracy - a.accuracy)) {
    if (!found.length || one.accuracy > found.at(-1).accuracy) found.push(one);
  }
  return found;
}

/** Returns the most of a cost that a job allows, as far as it is known; of a ratio, by the teacher. */
export function limitOf(job, cost) {
  const { [cost]: most, [`${cost}_ratio`]: ratio } = job.request.constraints ?? {};
  const limits = [most, ratio && job.teacher?.[cost] && Math.floor(ratio * job.teacher[cost] + 1e-6)];
  const given = limits.filter(Boolean);
  return given.length ? Math.min(...given) : null;
}

function costTraces(done, front, cost, job, { student, teacher, trial, ink }) {
  const points = (of, style) => ({
    x: of.map(one => one[cost]), y: of.map(one => one.accuracy), type: "scatter",
    customdata: of.map(one => one.number),
    hovertemplate: `trial %{customdata}: %{x:.4s} ${COSTS[cost]}, %{y:.1%}<extra></extra>`, ...style,
  });
  const final = finalBest(job, done);
  const best = final ? [{ ...final, number: final.trial }] : done.filter(one => one.number === job.best?.trial);
  return [
    points(done, { name: "a student", mode: "markers", marker: { color: trial, size: 8 } }),
    points(front, {
      name: "best at each cost", mode: "lines", hoverinfo: "skip",
      line: { color: student, width: 2, shape: "hv" },
    }),
    points(best, { name: final ? "the best, fully trained" : "the best student", mode: "markers",
      marker: { color: student, size: 13, line: { color: ink, width: 1.5 } } }),
    ...(job.teacher?.[cost] ? [{
      name: "teacher", x: [job.teacher[cost]], y: [job.teacher.accuracy], mode: "markers", type: "scatter",
      marker: { color: teacher, size: 12, symbol: "diamond" },
      hovertemplate: `teacher: %{x:.4s} ${COSTS[cost]}, %{y:.1%}<extra></extra>`,
    }] : []),
  ];
}

function limitLine(limit, { teacher }) {
  return { type: "line", x0: limit, x1: limit, yref: "paper", y0: 0, y1: 1,
    line: { color: teacher, width: 1.5, dash: "dash" } };
}

function limitText(limit, { teacher, ground }) {
  return { x: Math.log10(limit), xref: "x", y: 0.02, yref: "paper", text: `at most ${compact(limit)}`,
    showarrow: false, xanchor: "left", yanchor: "bottom", bgcolor: ground, font: { color: teacher } };
}

function costAxis(costs, name) {
  const axis = { title: name, type: "log", tickformat: "~s" };
  const known = costs.filter(Boolean);
  if (!known.length) return { ...axis, range: [0, 1], tickvals: [] };
  const [low, high] = [Math.min(...known) / 1.15, Math.max(...known) * 1.15];
  return { ...axis, range: [Math.log10(low), Math.log10(high)], ...marks(low, high) };
}
