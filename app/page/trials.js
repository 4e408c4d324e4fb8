// The trials as a table, the newest first; one is chosen to see its curve.

import { fill, h } from "./dom.js";
import { compact, counted, percent, score } from "./words.js";

const MOST_SHOWN = 200;

/** Returns the completed trials, by number. */
export function completed(trials) {
  return trials.filter(trial => trial.state === "completed");
}

/** Returns what a job's objective is called, and what it makes of a trial. */
export function objectiveOf(job) {
  const name = job.request.objective.kind === "accuracy" ? "accuracy" : "score";
  return [name, trial => trial[name]];
}

/** Returns the best student if it is better known than by its trial, as it had its final training; or null. */
export function finalBest({ best }, trials) {
  const own = best && trials.find(trial => trial.number === best.trial);
  return own && (own.accuracy !== best.accuracy || own.score !== best.score) ? best : null;
}

/** Returns the part, and `show`, which is told the trials and the number of the chosen one. */
export function trialsPart(choose) {
  const body = h("tbody");
  const note = h("p", { class: "note" });
  const summary = h("summary", {}, "Trials");
  const names = ["trial", "curve", "state", "score", "accuracy", "parameters", "MACs", "changes"];
  const element = h("details", { class: "figures" }, summary, note,
    h("div", { class: "scrolled", tabindex: 0, role: "region", "aria-label": "Trials" },
      h("table", {}, h("thead", {}, h("tr", {}, names.map(name => h("th", { scope: "col" }, name)))),
        body)));
  let [all, chosen] = [[], null];
  const rows = () => {
    if (!element.open) return;
    const focused = document.activeElement?.dataset.trial;
    fill(body, all.slice(-MOST_SHOWN).reverse().map(trial => row(trial, chosen, choose)));
    if (focused) body.querySelector(`[data-trial="${focused}"]`)?.focus();
  };
  element.addEventListener("toggle", rows);
  const show = (trials, number) => {
    [all, chosen] = [trials, number];
    summary.textContent = counted(trials.length, "trial");
    note.textContent = trials.length > MOST_SHOWN ? `The newest ${MOST_SHOWN} are shown.` : "";
    rows();
  };
  return { element, show };
}

function row(trial, chosen, choose) {
  const lost = trial.lost_attempts.length;
  const state = [trial.state, trial.reused_from && "from another job",
    lost && `after ${counted(lost, "lost attempt")}`].filter(Boolean).join(", ");
  const isChosen = trial.number === chosen;
  return h("tr", { class: isChosen ? "chosen" : null },
    h("th", { scope: "row" }, String(trial.number)),
    h("td", {}, trial.curve && h("button", {
      type: "button", "data-trial": trial.number, onclick: () => choose(trial.number),
      "aria-pressed": String(isChosen),
      "aria-label": `Show the learning curve of trial ${trial.number}`,
    }, "Show")),
    h("td", {}, state),
    h("td", {}, score(trial.score)), h("td", {}, percent(trial.accuracy)),
    h("td", {}, compact(trial.params)), h("td", {}, compact(trial.macs)), h("td", {}, changes(trial.edits)));
}

/** Returns what makes a student another one than its teacher, in numbers. */
function changes({ removed = [], widths = {}, skips = [] }) {
  const told = [
    removed.length && `${counted(removed.length, "layer or block", "layers or blocks")} less`,
    Object.keys(widths).length && `${counted(Object.keys(widths).length, "group")} of channels narrower`,
    skips.length && counted(skips.length, "new skip"),
  ];
  return told.filter(Boolean).join(", ") || "none";
}
