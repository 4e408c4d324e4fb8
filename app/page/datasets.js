// The uploaded datasets, and uploading one after a look at its images.

import { Problem, get, inWords, post } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { field, showWrong, trouble } from "./parts.js";
import { previewOf } from "./preview.js";
import { moment, percent, size } from "./words.js";

/** Shows the form and the list. */
export async function datasetsView(main, signal) {
  const list = h("div");
  const look = async () => {
    const page = await get("v1/datasets?limit=100", { signal });
    fill(list, page.items.length ? table(page.items) : h("p", {}, "There is none yet."));
  };
  fill(main, h("h1", {}, "Datasets"), uploadForm(look), h("h2", {}, "Uploaded"), list);
  await look();
}

function uploadForm(look) {
  const file = h("input", { type: "file", accept: ".npz,.zip", required: true });
  const name = h("input", { maxlength: 200, autocomplete: "off" });
  const [preview, told] = [h("div"), h("div")];
  const button = h("button", { class: "primary" }, "Upload");
  const form = h("form", { class: "fields", novalidate: true }, h("fieldset", {},
    h("legend", {}, "Upload a dataset"),
    field("file", "File", file, "A zip of image files, train/CLASS/FILE and test/CLASS/FILE or CLASS/FILE alone; "
      + "or an .npz with images and labels."),
    field("dataset-name", "Name", name), preview, told, button));
  file.addEventListener("change", async () => {
    fill(preview, file.files.length > 0 && h("p", { class: "note" }, "Looking into the file…"));
    const chosen = file.files[0];
    const found = chosen ? await previewOf(chosen).catch(error => [trouble(`It can't be shown: ${error.message}`)]) : [];
    if (chosen === file.files[0]) fill(preview, ...found);
  });
  form.addEventListener("submit", async event => {
    event.preventDefault();
    button.disabled = true;
    fill(told, h("p", { role: "status" }, "Uploading and checking…"));
    try {
      fill(told, taken(await send(file.files[0], name.value.trim())));
      form.reset();
      fill(preview);
      await look();
    } catch (error) {
      fill(told, trouble(refused(form, error)));
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

function send(file, name) {
  if (!file) throw new Error("Choose a file first.");
  const body = new FormData();
  if (name) body.append("name", name);
  body.append("file", file);
  return post("v1/datasets", body);
}

function taken(dataset) {
  announce(`${dataset.name} was uploaded.`);
  return h("div", { role: "status" },
    h("p", {}, `${dataset.name}: ${dataset.n.toLocaleString()} images of ${dataset.classes.length} classes. `,
      h("a", { href: "#/new" }, "Compress a network on it"), "."),
    dataset.notes.length > 0 && h("ul", { class: "note" }, dataset.notes.map(note => h("li", {}, note))));
}

function refused(form, error) {
  if (error instanceof Problem) showWrong(form, error.errors, { "#/file": "file", "#/name": "dataset-name" });
  return inWords(error);
}

function table(datasets) {
  const head = ["dataset", "images", "test images", "classes", "size of an image", "largest class", "file", "uploaded"];
  return h("div", { class: "scrolled", tabindex: 0, role: "region", "aria-label": "Uploaded datasets" },
    h("table", {}, h("thead", {}, h("tr", {}, head.map(name => h("th", { scope: "col" }, name)))),
      h("tbody", {}, datasets.map(one => h("tr", {},
        h("th", { scope: "row" }, one.name, " ", h("small", {}, one.id)),
        h("td", {}, one.n.toLocaleString()), h("td", {}, one.test_n.toLocaleString()),
        h("td", {}, String(one.classes.length)), h("td", {}, one.shape.join("×")),
        h("td", {}, percent(Math.max(...one.class_counts) / one.n)), h("td", {}, size(one.bytes)),
        h("td", {}, moment(one.created_at)))))));
}
