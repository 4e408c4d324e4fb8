// A new job: what is to be compressed, how small, and what that would take before it is submitted.

import { Problem, all, get, inWords, post } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { estimatePart } from "./estimate.js";
import { whatPart } from "./job_what.js";
import { learnedField } from "./learned.js";
import { field, showWrong, trouble } from "./parts.js";

// The fields that the server's pointers name, by their ids here.
const FIELDS = {
  "#/name": "name", "#/teacher": "teacher", "#/teacher/network": "teacher", "#/teacher/id": "teacher",
  "#/dataset": "dataset", "#/dataset/name": "dataset", "#/dataset/id": "dataset",
  "#/objective": "objective", "#/objective/kind": "objective",
  "#/constraints/params_ratio": "params_ratio", "#/constraints/macs_ratio": "macs_ratio",
  "#/constraints/latency_ms": "latency_ms", "#/search/evaluations": "evaluations",
  "#/search/parallel": "parallel", "#/search/seed": "seed", "#/search/strategy": "strategy",
  "#/search/embedding": "learned", "#/search/embedding/from": "learned",
  "#/training/teacher_epochs": "teacher_epochs", "#/training/search_epochs": "search_epochs",
  "#/training/final_epochs": "final_epochs",
};
const OBJECTIVES = {
  score: "a small and accurate one (score)",
  accuracy: "the most accurate one within the limits",
  pareto: "many to choose from (Pareto set by MACs)",
};
const STRATEGIES = { embedding: "learned embedding", random: "random", adapruner: "adapruner: one network by widths" };

/** Shows the form; `id` is of an uploaded teacher or dataset, or of an embedding, to begin with. */
export async function newJobView(main, signal, id) {
  const [names, teachers, datasets, embeddings] = await Promise.all([
    get("page/names.json"), ...["teachers", "datasets", "embeddings"].map(kind => all(`v1/${kind}`, 500)),
  ]);
  if (signal.aborted) return;
  const form = h("form", { class: "fields", novalidate: true });
  const what = whatPart(names, teachers, datasets, id);
  what.element.append(learnedField(embeddings, [...teachers, ...datasets], id));
  const told = h("div");
  const estimate = estimatePart(signal);
  const send = async work => {
    fill(told);
    showWrong(form, [], FIELDS);
    form.querySelectorAll("button").forEach(one => { one.disabled = true; });
    try {
      if (what.fit().wrong) throw new Error(what.fit().wrong);
      await work(requestOf(form));
    } catch (error) {
      if (!signal.aborted) fill(told, ...wrong(form, error));
    } finally {
      form.querySelectorAll("button").forEach(one => { one.disabled = false; });
    }
  };
  const submit = request => post("v1/jobs", request).then(job => {
    announce("The job was submitted.");
    location.hash = `#/jobs/${job.id}`;
  });
  form.append(...parts(what.element), told,
    h("div", { class: "row" },
      h("button", { type: "button", class: "primary", onclick: () => send(estimate.ask) }, "Estimate"),
      h("button", { type: "submit" }, "Start the job")));
  form.addEventListener("submit", event => {
    event.preventDefault();
    send(submit);
  });
  form.addEventListener("input", estimate.outdated);
  const trained = () => { // an uploaded teacher is not
    const [teacher, epochs] = ["#teacher", "#teacher_epochs"].map(id => form.querySelector(id));
    epochs.closest(".field").hidden = teacher.value.startsWith("tch_");
  };
  what.element.addEventListener("change", trained);
  trained();
  const strategy = form.querySelector("#strategy"); // the others learn nothing
  strategy.addEventListener("change", () => { form.querySelector("#learned").disabled = strategy.value !== "embedding"; });
  fill(main, h("h1", {}, "New job"), form, estimate.element);
}

function parts(what) {
  return [
    what,
    h("fieldset", {}, h("legend", {}, "How small"),
      field("objective", "What to look for", choices(OBJECTIVES)),
      h("div", { class: "grid" },
        field("params_ratio", "Parameters, at most (%)", number(10, { max: 100, step: "any" })),
        field("macs_ratio", "MACs, at most (%)", number("", { max: 100, step: "any" })),
        field("latency_ms", "Latency, at most (ms)", number("", { step: "any" }))),
      h("p", { class: "note" }, "In % of the network's own; what is left empty is not limited. Parameters are what a file's "
        + "size comes from, MACs are the multiplications for one image, and latency is the time that one takes on the server.")),
    h("fieldset", {}, h("legend", {}, "How long"),
      h("div", { class: "grid" },
        field("evaluations", "Students to try", number(40, { min: 1 })),
        field("search_epochs", "Epochs of each", number(5, { min: 1 })),
        field("teacher_epochs", "Epochs of a named teacher", number(30, { min: 1 })),
        field("final_epochs", "Epochs of the final training", number(30, { min: 1 }))),
      h("details", {}, h("summary", {}, "More"),
        h("div", { class: "grid" },
          field("strategy", "Strategy", choices(STRATEGIES)),
          field("parallel", "Trials at once", number(2, { min: 1 })),
          field("seed", "Seed", number(0, { min: 0 }))))),
  ];
}

function number(value, limits) {
  return h("input", { type: "number", inputmode: "decimal", value, min: 0, ...limits });
}

function choices(named) {
  return h("select", {}, Object.entries(named).map(([value, name]) => h("option", { value }, name)));
}

/** Returns the form as a job's request; what is left empty has the server's default. */
function requestOf(form) {
  const value = id => form.querySelector(`#${id}`).value.trim();
  const figure = (id, divisor = 1) => (value(id) === "" ? undefined : Number(value(id)) / divisor);
  const named = (id, prefix, name) => (value(id).startsWith(prefix) ? { id: value(id) } : { [name]: value(id) });
  const adapruner = value("strategy") === "adapruner";
  const learned = value("strategy") === "embedding" && value("learned");
  return {
    name: value("name") || undefined,
    teacher: named("teacher", "tch_", "network"),
    dataset: named("dataset", "dst_", "name"),
    objective: { kind: value("objective") },
    constraints: { params_ratio: figure("params_ratio", 100), macs_ratio: figure("macs_ratio", 100),
      latency_ms: figure("latency_ms") },
    search: { strategy: value("strategy"), evaluations: adapruner ? undefined : figure("evaluations"),
      parallel: figure("parallel"), seed: figure("seed"), embedding: learned ? { from: learned } : undefined },
    training: { teacher_epochs: figure("teacher_epochs"), search_epochs: figure("search_epochs"),
      final_epochs: figure("final_epochs") },
  };
}

function wrong(form, error) {
  if (!(error instanceof Problem) || !error.errors.length) return [trouble(inWords(error))];
  const rest = showWrong(form, error.errors.map(inPercent), FIELDS);
  return [trouble(rest.length ? rest.join("; ") : "Something is wrong with the marked field.")];
}

/** Returns what the server says of a ratio as the form has it: "at most 1" is at most 100 %. */
function inPercent(error) {
  if (!error.pointer.endsWith("_ratio")) return error;
  return { ...error, detail: error.detail.replace(/\d+(\.\d+)?$/, ratio => `${ratio * 100} %`) };
}
