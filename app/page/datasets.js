// The uploaded datasets, and the form to upload one.

import { get } from "./api.js";
import { datasetForm } from "./dataset_form.js";
import { fill, h } from "./dom.js";
import { removal } from "./removal.js";
import { samplesOf } from "./samples.js";
import { counted, moment, percent, size } from "./words.js";

const MOST_NAMES = 8; // of classes

/** Shows the form and the list. */
export async function datasetsView(main, signal) {
  const list = h("div");
  const look = async () => {
    const { items } = await get("v1/datasets?limit=100", { signal });
    fill(list, items.length ? h("ul", { class: "cards", "aria-label": "Uploaded datasets" },
      items.map(one => card(one, look))) : h("p", {}, "There is none yet."));
  };
  fill(main, h("h1", {}, "Datasets"), datasetForm(look, signal), h("h2", {}, "Uploaded"), list);
  await look();
}

function card(one, look) {
  const [height, width, channels] = one.shape;
  const names = one.classes.slice(0, MOST_NAMES).join(", ") + (one.classes.length > MOST_NAMES ? ", …" : "");
  return h("li", {},
    h("h3", {}, one.name),
    h("p", { class: "note" }, `${one.id}, ${size(one.bytes)}, uploaded ${moment(one.created_at)}`),
    samplesOf(one),
    h("p", {}, `${counted(one.n, "image")} of ${height}×${width} ${channels === 3 ? "in colour" : "in grey"}`
      + `${one.test_n ? `, and ${counted(one.test_n, "test image")}` : ""}; ${one.classes.length} classes (${names}), the `
      + `largest with ${percent(Math.max(...one.class_counts) / one.n)} of the images.`),
    h("div", { class: "row" },
      h("a", { class: "button", href: `#/new/${one.id}`, "aria-label": `Use ${one.name} in a new job` }, "Use in a new job"),
      removal(one.name, `v1/datasets/${one.id}`, look)));
}
