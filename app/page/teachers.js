// The uploaded networks with what was found of each, and the form to upload one.

import { get, inWords } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { stateMark, trouble } from "./parts.js";
import { removal } from "./removal.js";
import { teacherForm } from "./teacher_form.js";
import { compact, counted, moment, size } from "./words.js";

const POLL_MS = 1000;
const STATES = { checking: "being checked", ready: "ready", rejected: "can't be used" };

/** Shows the form and the list, in which checks are followed until they end. */
export async function teachersView(main, signal) {
  const names = await get("page/names.json");
  if (signal.aborted) return;
  const list = h("div");
  const wrong = h("div");
  const before = new Map(); // by id: the state that was seen last
  const look = async () => {
    const { items } = await get("v1/teachers?limit=100", { signal });
    if (signal.aborted) return;
    for (const one of items) {
      if (before.get(one.id) === "checking" && one.state !== "checking") announce(outcome(one));
      before.set(one.id, one.state);
    }
    fill(wrong);
    redraw(list, items, look);
  };
  fill(main, h("h1", {}, "Teachers"),
    h("p", {}, "A teacher is a network that is to become smaller: one of your own, with its weights."), teacherForm(names, look), h("h2", {}, "Uploaded"), wrong, list);
  await look();
  const timer = setInterval(() => {
    if (document.hidden || ![...before.values()].includes("checking")) return;
    look().catch(error => signal.aborted || fill(wrong, trouble(inWords(error))));
  }, POLL_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
}

/** Shows the list anew, unless it is as before: who is about to press a button in it isn't disturbed. */
function redraw(list, items, look) {
  const shown = JSON.stringify(items);
  if (list.shown === shown) return;
  list.shown = shown;
  fill(list, items.length ? h("ul", { class: "cards", "aria-label": "Uploaded teachers" },
    items.map(one => card(one, look))) : h("p", {}, "There is none yet."));
}

function card(teacher, look) {
  const { id, name, state, summary } = teacher;
  return h("li", {},
    h("h3", {}, name, " ", stateMark(state, STATES[state])),
    h("p", { class: "note" }, `${id}, ${size(teacher.files.reduce((sum, one) => sum + one.bytes, 0))}, `
      + `uploaded ${moment(teacher.created_at)}`),
    state === "checking" && h("p", {}, "Its layers are being read, which takes some seconds, or longer while a job is "
      + "worked on. You may leave this page."),
    summary && facts(summary),
    teacher.error && h("p", { class: "trouble" }, teacher.error.detail),
    h("div", { class: "row" },
      state === "ready" && h("a", { class: "button", href: `#/new/${id}`, "aria-label": `Use ${name} in a new job` },
        "Use in a new job"),
      state !== "checking" && removal(name, `v1/teachers/${id}`, look)));
}

function facts(summary) {
  const [channels, height, width] = summary.input_shape;
  return h("p", {}, `${counted(summary.layers, "layer")} with weights, ${compact(summary.params)} parameters, `
    + `${compact(summary.macs)} MACs; images of ${height}×${width} `
    + `${{ 1: "in grey", 3: "in colour" }[channels] ?? `with ${channels} channels`}, ${summary.classes} classes. `
    + `${counted(summary.groups, "group")} of channels can shrink, ${counted(summary.removals, "layer or block", "layers or blocks")} `
    + "can go.");
}

function outcome({ name, state, error }) {
  return state === "ready" ? `${name} is ready.` : `${name} can't be used: ${error?.detail}`;
}
