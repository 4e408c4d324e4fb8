// What goes on while there is nothing to draw yet.

import { fill, h } from "./dom.js";
import { ENDED, counted } from "./words.js";

const STEPS = ["preparing", "searching", "finishing"];
const BEFORE = {
  queued: "It waits in the queue until a coordinator is free.",
  paused: "It is paused, and goes on when it is resumed.",
};

/** Returns whether a job has anything that a chart could show. */
export function hasResults(trials) {
  return trials.some(trial => trial.accuracy != null || trial.curve);
}

/** Returns the part, and `show`, which is told the job and its trials. */
export function waitingPart() {
  const element = h("section", { class: "waiting", "aria-labelledby": "waiting" });
  const show = (job, trials) => {
    element.hidden = hasResults(trials) || ENDED.has(job.state);
    if (element.hidden) return;
    const told = toldOf(job.request);
    fill(element, h("h2", { id: "waiting" }, "What happens now"),
      BEFORE[job.state] && h("p", {}, BEFORE[job.state]),
      h("ol", { class: "steps" }, STEPS.map(step => h("li", {
        "aria-current": step === job.state ? "step" : null,
      }, told[step]))));
  };
  return { element, show };
}

function toldOf({ teacher, search, training }) {
  const own = teacher.id ? "The teacher is measured on the images."
    : `The teacher is trained on the images, for ${counted(training.teacher_epochs, "epoch")}.`;
  return {
    preparing: `${own} Its accuracy is what students are compared with.`,
    searching: `${counted(search.evaluations, "student")} ${search.evaluations === 1 ? "is" : "are"} tried: cut out of `
      + `the teacher, trained for ${counted(training.search_epochs, "epoch")}, measured. What is learned of them `
      + "chooses the next ones. Charts begin with the first result.",
    finishing: `${training.final_students === 1 ? "The best one is" : `The best ${training.final_students} are`} trained `
      + "for longer, and measured once on test images.",
  };
}
