// Server-sent events by fetch: an EventSource can't send a key.

import { ask } from "./api.js";

const KIND = "text/event-stream";

/**
 * Yields the events of a stream, `{ id, event, data }`, until it ends.
 * Returns whether there are any to come: false where the server answers that there are none left.
 * Throws where there is no such stream.
 */
export async function* events(path, lastId, signal) {
  const headers = { Accept: KIND, ...(lastId && { "Last-Event-ID": lastId }) };
  const answer = await ask(path, { headers, signal });
  if (answer.status === 204) return false;
  if (!answer.headers.get("Content-Type")?.startsWith(KIND)) throw new Error("This is no stream of events.");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return true; // what is left is no whole event
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const event = parsed(part);
      if (event) yield event;
    }
  }
}

function parsed(part) {
  const fields = Object.fromEntries(part.split("\n").filter(line => !line.startsWith(":"))
    .map(line => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trimStart()]));
  return fields.data && { id: fields.id, event: fields.event, data: JSON.parse(fields.data) };
}
