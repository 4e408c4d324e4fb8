// A look at the images of a file that is about to be uploaded; nothing of it leaves the browser.

import { h } from "./dom.js";
import { IMAGE } from "./folder.js";
import { counted } from "./words.js";
import { zipEntries, zipRead } from "./zip.js";

const SHOWN = 20;
const LARGEST_IMAGE = 20 * 2 ** 20; // bytes
const MOST_HEAD = 4096; // bytes of an array's description
const MOST_LABELS = 8 * 2 ** 20; // bytes
const MOST_CLASSES = 12; // whose counts are told
const FEW = 3; // names of files that are left out

/** Returns elements that tell what is in a zip of images, or in an .npz. */
export async function previewOf(file) {
  const entries = await zipEntries(file);
  const arrays = Object.fromEntries(entries.filter(one => one.name.endsWith(".npy"))
    .map(one => [one.name.slice(0, -4), one]));
  return arrays.images ? arrayPreview(file, arrays) : filePreview(file, entries);
}

async function filePreview(file, entries) {
  const images = entries.filter(one => IMAGE.test(one.name) && !one.name.includes("__MACOSX"));
  if (!images.length) throw new Error("there are no images and no array `images` in it");
  const classes = Map.groupBy(images, one => one.name.split("/").at(-2) ?? "");
  const shown = await Promise.all(some(classes).map(async one => picture(one.name,
    one.size <= LARGEST_IMAGE && new Blob([await zipRead(file, one, one.size)]))));
  return told(`${counted(images.length, "image")} in ${counted(classes.size, "folder")}.`, shown);
}

/** Returns elements that tell what is in a folder, as `folderOf` has found it. */
export function folderPreview({ images, classes, skipped }) {
  const shown = some(Map.groupBy(images, one => one.path.split("/").at(-2)));
  const counts = [...classes].slice(0, MOST_CLASSES).map(([name, count]) => `${name} ${count}`).join(", ");
  const few = skipped.slice(0, FEW).join(", ");
  return [
    ...told(`${counted(images.length, "image")} of ${classes.size} classes: ${counts}`
      + `${classes.size > MOST_CLASSES ? ", …" : "."}`, shown.map(one => picture(one.path, one.file))),
    skipped.length > 0 && h("p", { class: "note" }, `${counted(skipped.length, "other file")} `
      + `${skipped.length === 1 ? "is" : "are"} left out: ${few}${skipped.length > FEW ? ", …" : ""}.`),
  ];
}

/** Returns a few of the images of each class, of all classes in turns. */
function some(classes) {
  const chosen = [];
  const most = Math.max(...[...classes.values()].map(of => of.length));
  for (let i = 0; i < most && chosen.length < SHOWN; i += 1) {
    chosen.push(...[...classes.values()].filter(of => i < of.length).map(of => of[i]));
  }
  return chosen.slice(0, SHOWN);
}

function picture(path, blob) {
  const image = h("img", { alt: "", loading: "lazy" });
  if (blob) {
    const url = URL.createObjectURL(blob);
    image.addEventListener("load", () => URL.revokeObjectURL(url));
    image.src = url;
  }
  return h("li", {}, image, path.split("/").slice(-2).join("/"));
}

async function arrayPreview(file, arrays) {
  const head = await describe(file, arrays.images);
  const [count, height, width, channels = 1] = head.shape;
  if (head.type !== "u1" || head.fortran || ![1, 3].includes(channels) || !(height * width <= 2 ** 20)) {
    throw new Error(`\`images\` should be uint8, N×H×W or N×H×W×C; it is ${head.type} ${head.shape.join("×")}`);
  }
  const each = height * width * channels;
  const shown = Math.min(count, SHOWN);
  const bytes = await zipRead(file, arrays.images, head.start + shown * each);
  const labels = arrays.labels ? await labelsOf(file, arrays.labels, shown) : [];
  const images = Array.from({ length: shown }, (_, i) => h("li", {},
    drawn(bytes.subarray(head.start + i * each, head.start + (i + 1) * each), width, height, channels),
    labels[i] === undefined ? "" : `class ${labels[i]}`));
  return told(`${counted(count, "image")} of ${height}×${width}, `
    + `${channels === 3 ? "in colour" : "in grey"}. The first of them:`, images);
}

/** Returns an array's type, shape, and where its values begin, as NumPy writes them. */
async function describe(file, entry) {
  const bytes = await zipRead(file, entry, MOST_HEAD);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const long = bytes[6] > 1;
  const start = (long ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true));
  const text = new TextDecoder("latin1").decode(bytes.subarray(long ? 12 : 10, start));
  const found = /'descr': '[<>|=]?(\w+)'.*'fortran_order': (\w+).*'shape': \(([\d, ]*)\)/.exec(text);
  if (!found) throw new Error(`${entry.name} is no array of numbers`);
  const shape = found[3].split(",").map(one => one.trim()).filter(Boolean).map(Number);
  return { type: found[1], fortran: found[2] === "True", shape, start };
}

async function labelsOf(file, entry, count) {
  const { type, start } = await describe(file, entry);
  const width = Number(type.slice(1));
  if (!/^[iu][1248]$/.test(type)) return [];
  const bytes = await zipRead(file, entry, Math.min(start + count * width, MOST_LABELS));
  // Labels are small and not negative: their lowest two bytes are all of them.
  return Array.from({ length: count }, (_, i) => bytes[start + i * width]
    + (width > 1 ? 256 * bytes[start + i * width + 1] : 0));
}

function drawn(bytes, width, height, channels) {
  const canvas = h("canvas", { width, height });
  const image = new ImageData(width, height);
  const scale = channels === 1 && Math.max(...bytes) < 32 ? 15 : 1; // of digits, whose values end at 16
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * i + c] = scale * bytes[channels * i + (c % channels)];
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function told(words, images) {
  return [h("p", {}, words), h("ul", { class: "images", "aria-label": "Images of the file" }, images)];
}
