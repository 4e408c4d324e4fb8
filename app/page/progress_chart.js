// The score after each evaluation, the best so far, and what random search is expected to find.

import { belowInWords, spanWith } from "./axis.js";
import { completed, finalBest, objectiveOf } from "./trials.js";
import { ENDED, score } from "./words.js";

const RANDOM = "random search, as the surrogate expects it";
const UNTRIED = new Set(["queued", "running", "cancelled"]);

/**
 * Returns the chart of each trial's value and of the best so far; `surrogate` is what the server
 * tells of a job's surrogate, or null.
 */
export function progressChart(job, trials, surrogate) {
  const [label, valueOf] = objectiveOf(job);
  const done = completed(trials);
  const values = done.map(valueOf);
  const final = finalBest(job, done);
  let most = -Infinity;
  const best = values.map(value => (most = Math.max(most, value)));
  const tried = trials.filter(trial => !UNTRIED.has(trial.state)).length;
  const total = job.request.search.evaluations;
  const random = surrogate?.random_search ?? [];
  // Its first evaluations may be worth so little that nothing else could be told apart.
  const range = spanWith(final ? [...values, valueOf(final)] : values, random.slice(Math.floor(random.length / 4)));
  const evaluations = done.map(trial => trial.number + 1);
  return ({ student, trial, other }) => ({
    traces: [
      {
        name: `${label} of a student`, x: evaluations, y: values, mode: "markers", type: "scatter",
        marker: { color: trial, size: 8, symbol: done.map(one => one.reused_from ? "circle-open" : "circle") },
        customdata: done.map(one => one.number),
        hovertemplate: `trial %{customdata}, evaluation %{x}: ${label} %{y:.4f}<extra></extra>`,
      },
      {
        name: "best so far", x: [...evaluations, ...(done.length ? [Math.max(tried, evaluations.at(-1))] : [])],
        y: [...best, ...best.slice(-1)], mode: "lines", type: "scatter",
        line: { color: student, width: 2.5, shape: "hv" }, hoverinfo: "skip",
      },
      ...(final ? [{
        name: "the best, fully trained", x: [final.trial + 1], y: [valueOf(final)],
        mode: "markers", type: "scatter", marker: { color: student, size: 13, symbol: "star" },
        customdata: [final.trial],
        hovertemplate: `trial %{customdata}, after its final training: ${label} %{y:.4f}<extra></extra>`,
      }] : []),
      ...(random.length ? [{
        name: RANDOM, x: random.map((_, i) => i + 1), y: random, mode: "lines", type: "scatter",
        line: { color: other, width: 2, dash: "dash" },
        hovertemplate: `random search, ${label} expected of %{x} evaluations: %{y:.4f}<extra></extra>`,
      }] : []),
    ],
    layout: {
      xaxis: { title: "evaluations (the first is trial 0)", range: [0, total + 0.5], tickformat: "d" },
      yaxis: { title: `${label} on validation`, range },
    },
    words: inWords(label, done, best, tried, job) + finalInWords(label, final, valueOf) + expectedInWords(random, tried) + belowInWords(values, range),
    table: [["evaluation", "trial", label, "best so far", "random search, expected"],
      ...done.map((one, i) => [one.number + 1, one.number, score(values[i]), score(best[i]),
        score(random[one.number])])],
  });
}

function inWords(label, done, best, tried, job) {
  if (!best.length) return "No student has a result yet.";
  const [first, last] = [best[0], best.at(-1)];
  const holder = done[best.indexOf(last)].number;
  const of = `${tried} of ${job.request.search.evaluations} evaluations`;
  if (first === last) {
    return `The best ${label} of the search is ${score(last)}, of trial ${holder}`
      + (done.length > 1 ? `; no other was better in ${of}.` : `, the only one with a result in ${of}.`);
  }
  return `The best ${label} of the search rose from ${score(first)} to ${score(last)}, of trial ${holder}, in ${of}`
    + (ENDED.has(job.state) ? "." : " so far.");
}

function finalInWords(label, final, valueOf) {
  return final ? ` After its final training that of trial ${final.trial} is ${score(valueOf(final))}.` : "";
}

function expectedInWords(random, tried) {
  const expected = random[tried - 1];
  return expected == null ? "" : ` Of as many the surrogate expects random search to find ${score(expected)}.`;
}
