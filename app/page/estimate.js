// What a job would find and take, before anything is trained.

import { Problem, get, post } from "./api.js";
import { Chart } from "./chart.js";
import { announce, fill, h } from "./dom.js";
import { COSTS, compact, counted, duration, percent } from "./words.js";

const POLL_MS = 500;
const SIZES = { teacher: "teacher", largest: "largest", median: "median", smallest: "smallest" };

/** Returns the part; `ask` fills it, and `outdated` says that the form has changed since. */
export function estimatePart(signal) {
  const element = h("section", { class: "estimate", hidden: true, "aria-label": "Estimate" });
  const ask = async request => {
    element.hidden = false;
    fill(element, h("h2", {}, "Estimate"), h("p", {}, "Looking at what can shrink, which takes about ten seconds, and longer on a busy machine…"));
    announce("Estimating.");
    try {
      const result = await answered(await post("v1/estimates", request), signal);
      if (result) await show(element, result);
    } catch (error) {
      element.hidden = true;
      throw error;
    }
  };
  const outdated = () => {
    const head = element.querySelector("h2");
    if (head && !head.textContent.includes("before")) head.textContent = "Estimate, before your last changes";
  };
  return { element, ask, outdated };
}

async function answered({ id }, signal) {
  while (!signal.aborted) {
    const { state, result, error } = await get(`v1/estimates/${id}`, { signal });
    if (state === "succeeded") return result;
    if (state === "failed") throw new Problem(error.status, error);
    await new Promise(resolve => setTimeout(resolve, POLL_MS));
  }
  return null;
}

async function show(element, result) {
  const verdict = verdictOf(result.constraints, result.space.drawn);
  const time = result.time;
  const chart = new Chart("How large the students are");
  fill(element, h("h2", {}, "Estimate"), h("p", { class: "verdict" }, verdict),
    h("p", {}, `About ${duration(time.total_s)} on this server: the teacher ${duration(time.teacher_s)}, `
      + `the search ${duration(time.search_s)}, the final training ${duration(time.final_s)}.`),
    h("p", {}, `${counted(result.groups.length, "group")} of channels can shrink, `
      + `${result.removals} layers or blocks can go, ${counted(result.skips, "skip connection")} fit.`),
    h("div", { class: "scrolled", tabindex: 0, role: "region", "aria-label": "Sizes" }, sizes(result)),
    chart.element,
    result.notes.length > 0 && h("ul", { class: "note" }, result.notes.map(note => h("li", {}, note))));
  announce(verdict);
  await chart.draw(histogram(result.space.histogram.params_ratio));
}

function verdictOf({ feasible, feasible_share: share, nearest, limits, errors }, drawn) {
  if (!Object.keys(limits).length) return "Nothing is limited: every student is allowed.";
  if (feasible) return `It can be met: ${percent(share)} of ${drawn.toLocaleString()} drawn students keep the limits.`;
  if (feasible === null) return "Whether it can be met is open: too little is known of latencies.";
  if (nearest) {
    return "No student keeps the limits. "
      + `The nearest has ${compact(nearest.params)} parameters and ${compact(nearest.macs)} MACs.`;
  }
  return `No student keeps the limits: ${errors.map(one => one.detail ?? String(one)).join("; ")}.`;
}

function sizes({ teacher, space }) {
  const all = { teacher, ...space };
  const names = Object.keys(COSTS);
  return h("table", {},
    h("thead", {}, h("tr", {}, ["", ...Object.values(COSTS), "latency"].map(name => h("th", { scope: "col" }, name)))),
    h("tbody", {}, Object.entries(SIZES).map(([key, name]) => h("tr", {},
      h("th", { scope: "row" }, name),
      names.map(cost => h("td", {}, compact(all[key][cost]))),
      h("td", {}, all[key].latency_ms == null ? "–" : `${all[key].latency_ms.toPrecision(3)} ms`)))));
}

function histogram({ edges, counts, kept }) {
  const total = counts.reduce((sum, one) => sum + one, 0);
  const middles = counts.map((_, i) => Math.sqrt(edges[i] * edges[i + 1]));
  const widths = counts.map((_, i) => edges[i + 1] - edges[i]);
  const bars = (name, y, marker) => ({ name, x: middles, y, width: widths, type: "bar", marker,
    hovertemplate: `%{x:.1%} of the parameters: %{y} drawn, ${name}<extra></extra>` });
  return ({ student, trial }) => ({
    traces: [
      bars("within the limits", kept, { color: student }),
      bars("beyond the limits", counts.map((one, i) => one - kept[i]), { color: trial,
        pattern: { shape: "/", fgcolor: trial, bgcolor: "rgba(0,0,0,0)" } }),
    ],
    layout: {
      barmode: "stack", bargap: 0.1, showlegend: true,
      xaxis: { title: "parameters, to the teacher's", type: "log", tickformat: "~%", nticks: 6 },
      yaxis: { title: "students drawn" },
    },
    words: `${kept.reduce((sum, one) => sum + one, 0)} of ${total} drawn students are within the limits.`,
    table: [["parameters, to the teacher's", "drawn", "within the limits"],
      ...counts.map((one, i) => [`${percent(edges[i])} to ${percent(edges[i + 1])}`, one, kept[i]])],
  });
}
