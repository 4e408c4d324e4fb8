// What a new job's search begins from: what an earlier one has learned, of whatever network.

import { h } from "./dom.js";
import { field } from "./parts.js";
import { counted, moment } from "./words.js";

/** Returns the field with the embeddings to choose from; `uploads` have the names of what they are of. */
export function learnedField(embeddings, uploads, chosen) {
  const names = new Map(uploads.map(one => [one.id, one.name]));
  const called = id => names.get(id) ?? id;
  const select = h("select", {}, h("option", { value: "" }, "Nothing: learn anew"),
    embeddings.map(({ id, teacher, dataset, trials, created_at: created }) => h("option", { value: id },
      `${called(teacher)} on ${called(dataset)}, ${counted(trials, "trial")}, ${moment(created)}`)));
  if (embeddings.some(one => one.id === chosen)) select.value = chosen;
  return field("learned", "Begin from what an earlier job has learned", select, embeddings.length
    ? "That job found out which students are worth a try. Its network and images may have been others."
    : "There is nothing yet: each job that succeeds leaves what it has learned.");
}
