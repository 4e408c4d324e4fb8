// Uploading a dataset, after a look at its images: a file, or a folder that is zipped here.

import { Problem, inWords } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { chosen, dropOn } from "./drop.js";
import { folderOf } from "./folder.js";
import { field, showWrong, trouble } from "./parts.js";
import { folderPreview, previewOf } from "./preview.js";
import { sendingPart } from "./sending.js";
import { counted } from "./words.js";
import { zipOf } from "./zip_writer.js";

/** Returns the form; `look` is called when there is a new dataset. */
export function datasetForm(look, signal) {
  return new DatasetForm(look, signal).element;
}

class DatasetForm {
  constructor(look, signal) {
    Object.assign(this, { look, signal, archive: null, folder: null });
    this.inputs = [
      h("input", { type: "file", accept: ".npz,.zip" }), h("input", { type: "file", webkitdirectory: true }),
    ];
    this.name = h("input", { maxlength: 200, autocomplete: "off" });
    [this.preview, this.told] = [h("div"), h("div")];
    this.sending = sendingPart("the images");
    this.button = h("button", { class: "primary" }, "Upload");
    this.element = this.form();
    for (const input of this.inputs) input.addEventListener("change", () => this.choose(chosen(input), input));
    dropOn(this.element, files => this.choose(files, null));
    this.element.addEventListener("submit", event => {
      event.preventDefault();
      this.submit();
    });
  }

  form() {
    const [file, folder] = this.inputs;
    return h("form", { class: "fields drop", novalidate: true }, h("fieldset", {},
      h("legend", {}, "Upload a dataset"),
      h("p", { class: "note" }, "Choose a folder or a file, or drop it here."),
      "webkitdirectory" in folder && field("folder", "Folder", folder, "A folder with a folder of images for each class: "
        + "cat/1.png, dog/1.png. With test images apart: train/cat/1.png, test/cat/1.png."),
      field("file", "File", file, "A zip of such a folder; or an .npz with the arrays images and labels."),
      this.preview, field("dataset-name", "Name", this.name), this.told, this.sending.element, this.button));
  }

  /** Takes what was chosen, and shows it. */
  async choose(files, from) {
    [this.archive, this.folder, this.files] = [null, null, files];
    for (const input of this.inputs) if (input !== from) input.value = "";
    fill(this.told);
    fill(this.preview, files.length > 0 && h("p", { class: "note" }, "Looking into it…"));
    if (!files.length) return;
    const shown = await this.lookInto(files).catch(error => [trouble(error.message)]);
    if (files !== this.files) return;
    fill(this.preview, ...shown);
    announce(this.preview.querySelector("p").textContent);
  }

  async lookInto(files) {
    if (files.length === 1 && !files[0].path.includes("/")) {
      this.archive = files[0].file;
      return previewOf(this.archive).catch(error => { throw new Error(`It can't be shown: ${error.message}`); });
    }
    this.folder = folderOf(files);
    this.folder.name = files[0].path.split("/")[0];
    return folderPreview(this.folder);
  }

  async submit() {
    this.button.disabled = true;
    fill(this.told);
    try {
      const dataset = await this.sending.send("v1/datasets", await this.body());
      this.element.reset();
      await this.choose([], null);
      fill(this.told, taken(dataset));
      await this.look();
    } catch (error) {
      if (error instanceof Problem) showWrong(this.element, error.errors, { "#/file": "file", "#/name": "dataset-name" });
      fill(this.told, trouble(inWords(error)));
    } finally {
      this.button.disabled = false;
    }
  }

  async body() {
    const body = new FormData();
    const name = this.name.value.trim();
    if (name) body.append("name", name);
    if (this.archive) body.append("file", this.archive);
    else if (this.folder) body.append("file", await this.zipped(), `${this.folder.name}.zip`);
    else throw new Error("Choose images first: a folder or a file.");
    return body;
  }

  zipped() {
    const { images } = this.folder;
    const words = h("p");
    fill(this.told, words);
    announce("Packing the images.");
    const told = done => {
      words.textContent = `Packing ${done.toLocaleString()} of ${counted(images.length, "image")}…`;
    };
    return zipOf(images, told, this.signal);
  }
}

function taken(dataset) {
  announce(`${dataset.name} was uploaded.`);
  return h("div", { class: "done" },
    h("p", {}, `${dataset.name}: ${counted(dataset.n, "image")} of ${dataset.classes.length} classes. `,
      h("a", { href: `#/new/${dataset.id}` }, "Compress a network on it"), "."),
    dataset.notes.length > 0 && h("ul", { class: "note" }, dataset.notes.map(note => h("li", {}, note))));
}
