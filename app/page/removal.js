// A button that deletes what was uploaded, once the visitor has said that it may.

import { ask, inWords } from "./api.js";
import { announce, h } from "./dom.js";
import { trouble } from "./parts.js";

/** Returns the button; `look` is called when it is gone. */
export function removal(name, path, look) {
  const place = h("div");
  const remove = async () => {
    if (!confirm(`Delete ${name}? Its files can't be had back.`)) return;
    try {
      await ask(path, { method: "DELETE" });
      announce(`${name} was deleted.`);
      await look();
    } catch (error) {
      place.querySelector(".trouble")?.remove();
      place.append(trouble(inWords(error)));
    }
  };
  place.append(h("button", { type: "button", class: "danger", onclick: remove, "aria-label": `Delete ${name}` }, "Delete"));
  return place;
}
