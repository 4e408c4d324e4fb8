// What is in a folder that was chosen: images by their class folders, and what is left out.

import { counted } from "./words.js";
import { MOST_BYTES, MOST_FILES } from "./zip_writer.js";

export const IMAGE = /\.(png|jpe?g|gif|bmp|webp)$/i;
const KINDS = "PNG, JPEG, WebP, BMP or GIF";
const TRAIN = new Set(["train", "training"]);
const SPLITS = new Set([...TRAIN, "test", "testing", "val", "valid", "validation"]);
const LITTER = new Set(["__MACOSX", "Thumbs.db", "desktop.ini"]);
const WANTED = "Put the images of each class into a folder of its own, which has the class's name: "
  + "cat/1.png, cat/2.png, dog/1.png.";

/**
 * Returns the folder's `images` as `{path, file}`, sorted and below what is common to all; how many
 * images each of its `classes` has; and the `skipped` files, which are none. Throws what is wrong
 * in words.
 */
export function folderOf(entries) {
  const seen = entries.filter(one => !one.path.split("/").some(part => part.startsWith(".") || LITTER.has(part)));
  const found = seen.filter(one => IMAGE.test(one.path));
  const skipped = seen.filter(one => !IMAGE.test(one.path)).map(one => one.path);
  if (!found.length) throw new Error(`There are no image files in it (${KINDS}). ${WANTED}`);
  const images = below(found).sort((a, b) => (a.path < b.path ? -1 : 1));
  expectSmall(images);
  const places = images.map(one => one.path.split("/"));
  const split = places.some(place => place.length === 3 && TRAIN.has(place[0]));
  const depth = split ? 3 : 2;
  const loose = images.filter((_, i) => places[i].length !== depth || (split && !SPLITS.has(places[i][0])));
  if (loose.length === images.length) throw new Error(`There are no class folders in it. ${WANTED}`);
  if (loose.length) {
    throw new Error(`${counted(loose.length, "image")} ${loose.length === 1 ? "lies" : "lie"} elsewhere than in a `
      + `class folder: ${loose[0].path}. ${WANTED}`);
  }
  const classes = new Map();
  for (const place of places) classes.set(place.at(-2), (classes.get(place.at(-2)) ?? 0) + 1);
  if (classes.size < 2) {
    throw new Error(`All its images lie in one folder, ${[...classes.keys()][0]}, but two classes are the least. ${WANTED}`);
  }
  return { images, classes, skipped };
}

/** Returns the files with paths below the folders that all of them are in, but for the last one. */
function below(files) {
  let places = files.map(one => one.path.split("/"));
  const same = place => place.length > 1 && place[0] === places[0][0];
  while (places.every(same) && places.some(place => place.length > 2)) {
    places = places.map(place => place.slice(1));
  }
  return files.map((one, i) => ({ path: places[i].join("/"), file: one.file }));
}

function expectSmall(images) {
  const bytes = images.reduce((sum, one) => sum + one.file.size, 0);
  if (images.length > MOST_FILES || bytes > MOST_BYTES) {
    throw new Error(`It has ${images.length.toLocaleString()} images of ${(bytes / 1e9).toFixed(1)} GB together. A browser `
      + `can send ${MOST_FILES.toLocaleString()} of ${(MOST_BYTES / 1e9).toFixed(1)} GB: zip it yourself, or have the `
      + "one who runs this server put it there.");
  }
}
