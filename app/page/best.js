// The best student so far: its files, and its layers beside the teacher's.

import { ask, get, inWords } from "./api.js";
import { key } from "./key.js";
import { fill, h } from "./dom.js";
import { compare, comparedInWords, layersPicture, layersTable } from "./layers.js";
import { trouble } from "./parts.js";
import { runIt } from "./run_it.js";
import { percent, size } from "./words.js";

const GRAPH = "architecture.json";
const REPORT = "report.html";
const FIGURES = "report.json";
const ABOUT = {
  "student.onnx": "for ONNX Runtime", "student.pt2": "for PyTorch", "student.safetensors": "its weights",
  [GRAPH]: "its layers", [REPORT]: "how it was found", [FIGURES]: "figures, and how images are prepared",
};
const MOST_OPEN = 60; // layers; the picture of more is opened by who wants to see it

/** Returns the parts (`files`, and `element` with the layers), and `show`, which is told the job and its trials. */
export function bestPart() {
  const files = h("section", { "aria-label": "Files of the best student" });
  const element = h("figure", { class: "network" });
  let shown = null;
  const show = async (job, trials) => {
    const state = job.best && `${job.best.student} ${job.state}`;
    if (!job.best || shown === state) return;
    shown = state;
    try {
      const student = await get(`v1/jobs/${job.id}/best`);
      if (shown !== state) return;
      fill(files, ...fileList(student), await howToRun(student));
      await showLayers(element, job, student, trials);
    } catch (error) {
      shown = null;
      fill(files, trouble(inWords(error)));
    }
  };
  return { files, element, show };
}

function fileList(student) {
  const test = student.test_accuracy;
  return [
    h("h2", {}, "The best student"),
    h("p", {}, student.final ? "It had the final training." : "It has not had its final training yet.",
      test == null ? "" : ` Accuracy on test images: ${percent(test)}.`),
    h("ul", { class: "files" }, inOrder(student.files).map(file => h("li", {}, link(file)))),
  ];
}

/** Returns the files, those first that are wanted most. */
function inOrder(files) {
  const place = ({ name }) => [...Object.keys(ABOUT), name].indexOf(name);
  return [...files].sort((a, b) => place(a) - place(b));
}

async function howToRun({ files }) {
  const report = files.find(file => file.name === FIGURES);
  return report && runIt(await get(report.href));
}

/** Returns a link to a file; with a key the file is fetched by it, for a link can't send one. */
function link(file) {
  const href = file.href.replace(/^\//, "");
  const read = file.name === REPORT && !key();
  return h("a", {
    href, class: "button", ...(read ? { target: "_blank", rel: "noopener" } : { download: file.name }),
    onclick: event => { if (key()) { event.preventDefault(); save(href, file.name); } },
  }, `${read ? "Read" : "Download"} ${file.name}`, h("small", {}, [ABOUT[file.name], size(file.bytes)].filter(Boolean).join(", ")));
}

async function save(href, name) {
  const url = URL.createObjectURL(await (await ask(href)).blob());
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function showLayers(place, job, student, trials) {
  const graph = student.files.find(file => file.name === GRAPH);
  if (!graph) return fill(place);
  const [teacher, own] = await Promise.all([get(`v1/jobs/${job.id}/architecture`), get(graph.href)]);
  const found = compare(teacher, own, trials.find(one => one.number === student.trial)?.edits ?? {});
  const picture = h("div", {}, layersPicture(found), legend());
  const many = found.layers.length > MOST_OPEN;
  return fill(place,
    h("figcaption", {}, h("h3", {}, "Teacher and student"), h("p", { class: "note" }, comparedInWords(found))),
    many ? h("details", {}, h("summary", {}, `Show all ${found.layers.length} layers`), picture) : picture,
    h("details", { class: "figures" }, h("summary", {}, "The layers as a table"),
      h("div", { class: "scrolled", tabindex: 0, role: "region", "aria-label": "Layers" },
        layersTable(found))));
}

function legend() {
  const names = { teacher: "the teacher's channels", student: "kept", cut: "cut", gone: "layer removed",
    skip: "skip connection added" };
  return h("ul", { class: "key" }, Object.entries(names)
    .map(([kind, name]) => h("li", { class: `of-${kind}` }, name)));
}
