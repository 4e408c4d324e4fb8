// Lines of Python that can be copied.

import { announce, h } from "./dom.js";

/** Returns the lines with a button that copies them. */
export function codeBlock(lines, label) {
  const code = h("code", {}, lines);
  return h("div", { class: "code" }, h("pre", { tabindex: 0, role: "region", "aria-label": label }, code),
    h("button", { type: "button", onclick: () => copied(lines, code), "aria-label": `Copy the ${label.toLowerCase()}` }, "Copy"));
}

async function copied(lines, code) {
  try {
    await navigator.clipboard.writeText(lines);
    announce("Copied.");
  } catch { // a browser that keeps the clipboard from pages of this address
    getSelection().selectAllChildren(code);
    announce("Selected: copy it by Ctrl+C.");
  }
}
