// Sending files: how far it is is told while they go, and it can be stopped.

import { Problem, newKey, once } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { askForKey, key } from "./key.js";
import { size } from "./words.js";

/** Returns the part that shows an upload, and `send`, which posts a form and returns the answer. */
export function sendingPart(name) {
  const element = h("div", { class: "sending" });
  const send = async (path, form) => {
    const [ending, idempotencyKey] = [new AbortController(), newKey()];
    const bar = h("progress", { max: 1, value: 0, "aria-label": `Sending ${name}` });
    const words = h("span", {}, `Sending ${name}…`);
    fill(element, bar, h("p", { class: "row" }, words,
      h("button", { type: "button", onclick: () => ending.abort() }, "Stop")));
    announce(`Sending ${name}.`);
    const told = (sent, all) => {
      bar.value = sent / all;
      words.textContent = sent < all ? `Sending ${name}: ${size(sent)} of ${size(all)}`
        : "All of it is sent. The server looks at it…";
      if (sent >= all) announce(words.textContent);
    };
    try {
      return await once(() => posted(path, form, idempotencyKey, told, ending.signal));
    } finally {
      fill(element);
    }
  };
  return { element, send };
}

async function posted(path, form, idempotencyKey, told, signal) {
  for (;;) {
    const used = key();
    const headers = { "Idempotency-Key": idempotencyKey, ...(used && { Authorization: `Bearer ${used}` }) };
    const { status, answer } = await carried(path, form, headers, told, signal);
    if (status === 401) await askForKey(used);
    else if (status >= 200 && status < 300) return answer;
    else throw new Problem(status, answer);
  }
}

/** Posts a form; `fetch` can't tell how far it is, so this is an XMLHttpRequest. */
function carried(path, form, headers, told, signal) {
  return new Promise((resolve, reject) => {
    const stopped = () => reject(new Error("It was stopped. Nothing of it was kept."));
    if (signal.aborted) {
      stopped();
      return;
    }
    const request = new XMLHttpRequest();
    let [sent, all] = [0, 1];
    request.upload.addEventListener("progress", event => {
      [sent, all] = [event.loaded, event.total];
      told(sent, all);
    });
    request.addEventListener("load", () => resolve({ status: request.status, answer: parsed(request) }));
    request.addEventListener("error", () => reject(sent > 0 && sent < all ? new Error(
      `The connection ended after ${size(sent)} of ${size(all)}: the server may be away, or take no files as large`,
    ) : new TypeError("no answer")));
    request.addEventListener("abort", stopped);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(form);
  });
}

function parsed(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}
