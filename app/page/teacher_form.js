// Uploading a network of one's own.

import { Problem, inWords } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { chosen, dropOn } from "./drop.js";
import { networkOptions } from "./networks.js";
import { field, showWrong, trouble } from "./parts.js";
import { preprocessingPart } from "./preprocessing.js";
import { recipe } from "./recipe.js";
import { sendingPart } from "./sending.js";
import { fieldsOf } from "./teacher_files.js";
import { size } from "./words.js";

const FIELDS = {
  "#/onnx": "teacher-file", "#/weights": "teacher-file", "#/architecture": "teacher-file", "#/name": "teacher-name",
  "#/network": "whose", "#/input_shape": "side", "#/preprocessing": "preprocessing",
  "#/preprocessing/scale": "scale", "#/preprocessing/mean": "mean", "#/preprocessing/std": "std",
};

/** Returns the form; `look` is called with a teacher that is on record and about to be checked. */
export function teacherForm(names, look) {
  return new TeacherForm(names, look).element;
}

class TeacherForm {
  constructor(names, look) {
    this.look = look;
    this.fields = null; // of the files that were chosen
    this.file = h("input", { type: "file", multiple: true, accept: ".onnx,.safetensors,.json" });
    this.name = h("input", { maxlength: 200, autocomplete: "off" });
    this.whose = h("select", {}, networkOptions(names.networks));
    this.side = h("input", { placeholder: "3, 224, 224", autocomplete: "off" });
    this.named = h("div", { class: "grid", hidden: true },
      field("whose", "Whose weights are these", this.whose),
      field("side", "One image: channels, height, width", this.side, "Left empty, the size that is usual for it."));
    this.preprocessing = preprocessingPart();
    [this.about, this.told] = [h("div"), h("div")];
    this.sending = sendingPart("the network");
    this.button = h("button", { class: "primary" }, "Upload");
    this.element = h("form", { class: "fields drop", novalidate: true }, h("fieldset", {},
      h("legend", {}, "Upload a network of your own"), recipe(),
      field("teacher-file", "File", this.file, "Choose it, or drop it here: an .onnx; or the student.safetensors and "
        + "architecture.json of a student, to go on from it; or the .safetensors of a network that has a name."),
      this.about, this.named, this.preprocessing.element, field("teacher-name", "Name", this.name),
      this.told, this.sending.element, this.button));
    this.file.addEventListener("change", () => this.choose(chosen(this.file)));
    dropOn(this.element, files => { this.file.value = ""; this.choose(files); });
    this.element.addEventListener("submit", event => { event.preventDefault(); this.submit(); });
  }

  /** Takes the files that were chosen, and says what they are. */
  choose(files) {
    this.fields = null;
    this.named.hidden = true;
    fill(this.told);
    fill(this.about);
    if (!files.length) return;
    try {
      this.fields = fieldsOf(files);
      this.named.hidden = !this.fields.weights || Boolean(this.fields.architecture);
      const told = files.map(one => `${one.path}, ${size(one.file.size)}`).join("; ");
      fill(this.about, h("p", {}, told));
      announce(`Chosen: ${told}`);
    } catch (error) {
      fill(this.about, trouble(error.message));
    }
  }

  async submit() {
    this.button.disabled = true;
    fill(this.told);
    showWrong(this.element, [], FIELDS);
    try {
      const teacher = await this.sending.send("v1/teachers", this.body());
      this.element.reset();
      this.preprocessing.reset();
      this.choose([]);
      announce(`${teacher.name} is sent, and is being checked.`);
      await this.look(teacher);
    } catch (error) {
      const rest = error instanceof Problem ? showWrong(this.element, error.errors, FIELDS) : [];
      const placed = error instanceof Problem && error.errors.length > 0 && !rest.length;
      fill(this.told, trouble(placed ? `Something is wrong with the marked field: ${error.message}` : inWords(error)));
    } finally {
      this.button.disabled = false;
    }
  }

  body() {
    if (!this.fields) throw new Error("Choose a file first.");
    const body = new FormData();
    const add = (name, value) => value && body.append(name, value);
    add("name", this.name.value.trim());
    const preprocessing = this.preprocessing.value();
    add("preprocessing", preprocessing && JSON.stringify(preprocessing));
    if (!this.named.hidden) {
      add("network", this.whose.value);
      add("input_shape", this.side.value.trim() && `[${this.side.value.match(/[\d.]+/g) ?? ""}]`);
    }
    for (const [name, file] of Object.entries(this.fields)) body.append(name, file);
    return body;
  }
}
