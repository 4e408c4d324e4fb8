// Teacher and student side by side: a bar for each layer with weights, an arc for each new skip.

import { h, svg } from "./dom.js";
import { counted } from "./words.js";

const WEIGHTED = new Set(["conv2d", "linear"]);
const [ROW, TOP, GAP] = [22, 30, 16]; // pixels: of a row, above the first, between the two sides
// In pixels: the whole, the names, each side's widest bar; and the longest name in letters.
const [WIDE, NARROW] = [
  { width: 600, names: 150, bar: 165, letters: 22 }, { width: 360, names: 84, bar: 78, letters: 12 },
];

/** Returns what became of a teacher's layers: `kept` is null of one that was removed. */
export function compare(teacher, student, edits) {
  const weighted = teacher.layers.filter(layer => WEIGHTED.has(layer.op));
  const channels = graph => new Map(graph.layers.map(layer => [layer.name, channelsOf(layer)]));
  const kept = channels(student);
  const layers = weighted.map(layer => ({
    name: layer.name, channels: channelsOf(layer), kept: kept.get(layer.name) ?? null,
  }));
  const before = weightedBefore(teacher, weighted);
  const skips = (edits.skips ?? []).map(([start, end]) => [before.get(start), before.get(end)]);
  return { layers, skips };
}

/** Returns what was changed in a sentence. */
export function comparedInWords({ layers, skips }) {
  const gone = layers.filter(one => one.kept === null).length;
  const thinner = layers.filter(one => one.kept !== null && one.kept < one.channels).length;
  return `Of the teacher's ${counted(layers.length, "layer")} with weights, ${gone} `
    + `${gone === 1 ? "was" : "were"} removed and ${thinner} kept fewer channels; `
    + `${counted(skips.length, "skip connection")} ${skips.length === 1 ? "was" : "were"} added.`;
}

/** Returns the picture. */
export function layersPicture(found) {
  const widest = Math.max(...found.layers.map(one => one.channels));
  const height = TOP + ROW * found.layers.length + 8;
  const room = matchMedia("(max-width: 560px)").matches ? NARROW : WIDE;
  const head = (x, text) => svg("text", { x, y: 18, class: "head" }, text);
  return svg("svg", { viewBox: `0 0 ${room.width} ${height}`, role: "img", class: "layers",
    "aria-label": comparedInWords(found) },
    head(room.names, "teacher"), head(room.names + room.bar + GAP, "student"),
    found.layers.flatMap((layer, place) => row(layer, place, widest, room)),
    found.skips.map(([start, end]) => arc(found, start, end, room)));
}

/** Returns the same as rows of a table. */
export function layersTable({ layers, skips }) {
  const added = place => skips.filter(([, end]) => end === place)
    .map(([start]) => `skip from ${layers[start]?.name ?? "the input"}`).join(", ");
  return h("table", {},
    h("thead", {}, h("tr", {}, ["layer", "teacher's channels", "student's channels", "added"]
      .map(name => h("th", { scope: "col" }, name)))),
    h("tbody", {}, layers.map((one, place) => h("tr", {}, h("th", { scope: "row" }, one.name),
      h("td", {}, String(one.channels)), h("td", {}, one.kept === null ? "removed" : String(one.kept)),
      h("td", {}, added(place))))));
}

function channelsOf(layer) {
  return layer.op === "conv2d" ? layer.shape[0] : layer.shape.at(-1);
}

/** Returns for each layer the number of the newest one with weights; -1 before the first. */
function weightedBefore(graph, weighted) {
  const numbers = new Map(weighted.map((layer, number) => [layer.name, number]));
  const found = new Map();
  let newest = -1;
  for (const layer of graph.layers) {
    newest = numbers.get(layer.name) ?? newest;
    found.set(layer.name, newest);
  }
  return found;
}

function row({ name, channels, kept }, place, widest, room) {
  const [y, height] = [TOP + ROW * place + 3, ROW - 6];
  const full = Math.max(room.bar * channels / widest, 2);
  const right = room.names + room.bar + GAP;
  const shown = name.length > room.letters ? `…${name.slice(1 - room.letters)}` : name;
  const told = kept === null ? `${channels} → removed` : kept < channels ? `${channels} → ${kept}` : channels;
  const bar = (x, width, kind) => svg("rect", { x, y, width, height, rx: 2, class: kind });
  return [
    svg("text", { x: room.names - 8, y: y + 12, class: kept === null ? "name gone" : "name" }, shown),
    bar(room.names, full, kept === null ? "gone" : "teacher"),
    kept !== null && kept < channels && bar(right, full, "cut"),
    kept !== null && bar(right, Math.max(full * kept / channels, 2), "student"),
    svg("text", { x: kept === null ? right : right + full + 6, y: y + 12, class: "told" }, String(told)),
  ].filter(Boolean);
}

function arc(found, start, end, { width }) {
  const x = width - 46;
  const [above, below] = [start, end].map(place => TOP + ROW * (place + 1));
  const out = x + Math.min(12 + 3 * (end - start), 44);
  const names = [start, end].map(place => found.layers[place]?.name ?? "the input");
  return svg("path", { class: "skip",
    d: `M${x} ${above}C${out} ${above} ${out} ${below} ${x} ${below}m7 -5l-7 5l7 5` },
    svg("title", {}, `added skip: from after ${names[0]} to after ${names[1]}`));
}
