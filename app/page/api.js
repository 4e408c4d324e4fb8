// Talking to the server: JSON in and out, its problems as errors, and a key where it asks for one.

import { askForKey, key } from "./key.js";

const known = new Map(); // by path: an answer and its entity tag

/** An error that the server told: what is wrong, and where. */
export class Problem extends Error {
  constructor(status, told) {
    super(told.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.errors = told.errors ?? [];
  }
}

/** Sends a request with the visitor's key, and asks for one where the server wants it. */
export async function ask(path, options = {}) {
  for (;;) {
    const used = key();
    const headers = { ...options.headers, ...(used && { Authorization: `Bearer ${used}` }) };
    const answer = await fetch(path.replace(/^\//, ""), { ...options, headers });
    if (answer.status === 401) await askForKey(used);
    else if (answer.ok || answer.status === 304) return answer;
    else throw await problemOf(answer);
  }
}

/** Returns what is at a path; the answer before, where nothing has changed. */
export async function get(path, options = {}) {
  const before = known.get(path);
  const headers = before && { "If-None-Match": before.tag };
  const answer = await ask(path, { ...options, headers });
  if (answer.status === 304) return before.body;
  const body = await answer.json();
  const tag = answer.headers.get("ETag");
  if (tag) known.set(path, { tag, body });
  return body;
}

/** Returns all items of a list that comes in pages. */
export async function all(path, most = Infinity) {
  const items = [];
  for (let cursor = ""; ;) {
    const page = await get(`${path}${path.includes("?") ? "&" : "?"}limit=500${cursor}`);
    items.push(...page.items);
    if (!page.next || items.length >= most) return items;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

/** Posts JSON, or a form, and returns the answer. */
export async function post(path, body) {
  const form = body instanceof FormData;
  const answer = await ask(path, {
    method: "POST",
    headers: form || body === undefined ? {} : { "Content-Type": "application/json" },
    body: form || body === undefined ? body : JSON.stringify(body),
  });
  return answer.json();
}

/** Returns an error as a sentence: a problem's own, or that the server can't be reached. */
export function inWords(error) {
  if (error instanceof Problem) {
    const fields = error.errors.map(one => `${one.pointer.replace(/^#\//, "")}: ${one.detail}`);
    return [error.message, ...fields.filter(one => !error.message.includes(one))].join("; ");
  }
  if (error instanceof TypeError) return "The server can't be reached.";
  return error.message;
}

async function problemOf(answer) {
  const told = await answer.json().catch(() => ({}));
  return new Problem(answer.status, told);
}
