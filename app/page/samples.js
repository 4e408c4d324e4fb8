// Some images of an uploaded dataset, fetched when they come into sight.

import { ask } from "./api.js";
import { h } from "./dom.js";

/** Returns a picture of them; null where the server kept none. */
export function samplesOf(dataset) {
  if (!dataset.samples) return null;
  const image = h("img", { class: "samples", alt: "" });
  image.addEventListener("load", () => { image.alt = `Some images of ${dataset.name}`; });
  new IntersectionObserver((seen, observer) => {
    if (!seen.some(one => one.isIntersecting)) return;
    observer.disconnect();
    show(image, dataset.samples);
  }).observe(image);
  return image;
}

/** A key can't be sent for an address of an image, so it is fetched like all else. */
async function show(image, path) {
  try {
    const url = URL.createObjectURL(await (await ask(path)).blob());
    image.addEventListener("load", () => URL.revokeObjectURL(url));
    image.src = url;
  } catch {
    image.remove();
  }
}
