// The visitor's API key: kept until the tab is closed, and asked for where the server wants one.

import { h } from "./dom.js";

const NAME = "stillhouse.key";
let asking = null; // one question at a time, however many requests wait for it

/** Returns the key, if the visitor gave one. */
export function key() {
  return sessionStorage.getItem(NAME);
}

/** Asks for a key; resolves once there is another one than the one that was refused. */
export function askForKey(refused) {
  if (key() !== refused) return Promise.resolve();
  asking ??= question(refused).finally(() => { asking = null; });
  return asking;
}

function question(refused) {
  return new Promise((resolve, reject) => {
    const input = h("input", {
      id: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true,
      "aria-describedby": "key-about",
    });
    const dialog = h("dialog", { "aria-labelledby": "key-title" },
      h("form", { method: "dialog", class: "stack", onsubmit: () => {
        sessionStorage.setItem(NAME, input.value.trim());
        resolve();
      } },
        h("h2", { id: "key-title" }, "This server wants a key"),
        h("p", { id: "key-about" }, refused ? "The key was refused: it is unknown, has expired, or was revoked. "
          : "", "The one you give is kept until you close this tab."),
        h("label", { for: "key" }, "API key"), input,
        h("div", { class: "row" }, h("button", { class: "primary" }, "Use this key"),
          h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      reject(new Error("The server wants a key."));
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
