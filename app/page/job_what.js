// What a new job compresses: the network, and the images.

import { announce, fill, h } from "./dom.js";
import { fitOf } from "./fit.js";
import { networkOptions } from "./networks.js";
import { field } from "./parts.js";

const FIRST = { teacher: "zoo/resnet20", dataset: "digits" };

/** Returns the fieldset, and `fit`: what is wrong with the choice; `chosen` is an id to begin with. */
export function whatPart(names, teachers, datasets, chosen) {
  const teacher = h("select", {}, ownTeachers(teachers), networkOptions(names.networks));
  const dataset = h("select", {}, ownDatasets(datasets), h("optgroup", { label: "By name" },
    Object.keys(names.datasets).map(name => h("option", { value: name }, name))));
  const known = new Map([
    ...teachers.map(one => [one.id, one]),
    ...datasets.map(one => [one.id, { name: one.name, names: one.classes, classes: one.classes.length,
      shape: one.shape }]),
    ...Object.entries(names.datasets).map(([name, classes]) => [name, { name, classes }]),
  ]);
  begin(teacher, dataset, known, chosen);
  const told = h("div");
  const fit = () => fitOf(known.get(teacher.value), known.get(dataset.value));
  const name = h("input", { maxlength: 200, autocomplete: "off" });
  let named = ""; // by us, as long as the visitor doesn't
  const show = () => {
    const called = ({ value }) => known.get(value)?.name ?? value;
    if (name.value === named) name.value = named = `${called(teacher)} on ${called(dataset)}`.slice(0, 200);
    const { wrong, note } = fit();
    fill(told, wrong && h("p", { class: "trouble" }, wrong), note && h("p", { class: "note" }, note));
  };
  const element = h("fieldset", {}, h("legend", {}, "What"),
    field("name", "Name of the job", name),
    field("teacher", "Network to compress", teacher,
      "One with a name is trained on the images first; one of your own keeps its weights."),
    h("p", { class: "note" }, "Your own network: ", h("a", { href: "#/teachers" }, "upload it"), " first."),
    field("dataset", "Dataset", dataset),
    h("p", { class: "note" }, "Your own images: ", h("a", { href: "#/datasets" }, "upload a dataset"), " first."), told);
  for (const one of [teacher, dataset]) {
    one.addEventListener("change", () => { show(); announce(told.textContent); });
  }
  show();
  return { element, fit };
}

/** Chooses what the visitor came with, and beside it the first of their own that goes with it. */
function begin(teacher, dataset, known, chosen) {
  [teacher.value, dataset.value] = [FIRST.teacher, FIRST.dataset];
  const options = select => [...select.options].filter(one => !one.disabled).map(one => one.value);
  const fits = (one, other) => !fitOf(known.get(one), known.get(other)).wrong;
  if (options(teacher).includes(chosen)) {
    teacher.value = chosen;
    dataset.value = options(dataset).find(one => fits(chosen, one)) ?? FIRST.dataset;
  } else if (options(dataset).includes(chosen)) {
    dataset.value = chosen;
    teacher.value = options(teacher).find(one => one.startsWith("tch_") && fits(one, chosen)) ?? FIRST.teacher;
  }
}

function ownTeachers(teachers) {
  const shown = teachers.filter(one => one.state !== "rejected");
  return shown.length > 0 && h("optgroup", { label: "Your own" }, shown.map(one => h("option",
    { value: one.id, disabled: one.state !== "ready" }, `${one.name} (${about(one)})`)));
}

function about({ state, summary }) {
  if (state !== "ready") return "being checked";
  return `images of ${[...summary.input_shape.slice(1), summary.input_shape[0]].join("×")}, ${summary.classes} classes`;
}

function ownDatasets(datasets) {
  return datasets.length > 0 && h("optgroup", { label: "Your own" }, datasets.map(one => h("option",
    { value: one.id }, `${one.name} (${one.n.toLocaleString()} images of ${one.shape.join("×")}, ${one.classes.length} classes)`)));
}
