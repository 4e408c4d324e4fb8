// Talking to the server: JSON in and out, its problems as errors, and a key where it asks for one.

import { askForKey, key } from "./key.js";

const known = new Map(); // by path: an answer and its entity tag
const AGAIN_AFTER_MS = [1000, 2000];
const unanswered = new Map(); // the keys of what may have arrived, by path and body

/** An error that the server told: what is wrong, and where. */
export class Problem extends Error {
  constructor(status, told) {
    super(told.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.type = told.type ?? "";
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

/** Posts a command, which has no body, and returns the answer. */
export async function command(path) {
  return (await ask(path, { method: "POST" })).json();
}

/** Posts JSON that makes something, and returns the answer. Who posts the same after no answer came
 *  to it gets what the first made, if it arrived. */
export async function post(path, body) {
  const json = JSON.stringify(body);
  const what = `${path} ${json}`;
  const key = unanswered.get(what) ?? newKey();
  unanswered.set(what, key);
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  const done = () => unanswered.delete(what);
  return once(() => ask(path, { method: "POST", headers, body: json }).then(answer => answer.json()))
    .then(answer => { done(); return answer; }, error => { if (!isLost(error)) done(); throw error; });
}

/** Returns what `send` returns, which is called again where the answer is lost: always with one key. */
export async function once(send) {
  for (const pause of AGAIN_AFTER_MS) {
    try {
      return await send();
    } catch (error) {
      if (!isLost(error)) throw error;
    }
    await new Promise(resolve => setTimeout(resolve, pause));
  }
  return send();
}

/** Returns whether a request may have arrived all the same, or is known to be under way. */
function isLost(error) {
  return error instanceof TypeError || error.type?.endsWith(":under-way");
}

/** Returns a new `Idempotency-Key`; `crypto.randomUUID` is for pages of HTTPS alone. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), one => one.toString(16).padStart(2, "0")).join("");
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
