// What a teacher's images went through in its training: usual ways by name, or figures.

import { h } from "./dom.js";
import { field } from "./parts.js";

const IMAGENET = { scale: 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const WAYS = {
  "": ["I don't know: standardise them by the dataset's mean and deviation", null],
  grey: ["divided by 255 to 0…1, and nothing else (grey images)", { scale: 255, mean: [0], std: [1] }],
  colour: ["divided by 255 to 0…1, and nothing else (colour images)", { scale: 255, mean: [0, 0, 0], std: [1, 1, 1] }],
  imagenet: ["by 255, then ImageNet's mean and deviation (as torchvision's networks)", IMAGENET],
  own: ["in another way: I give the figures", null],
};

/** Returns the part, and `value`: what the server is told, null where it is left to the dataset. */
export function preprocessingPart() {
  const way = h("select", {}, Object.entries(WAYS).map(([value, [name]]) => h("option", { value }, name)));
  const number = (value) => h("input", { value, inputmode: "decimal", autocomplete: "off" });
  const [scale, mean, std] = [number("255"), number(""), number("")];
  const figures = h("div", { class: "grid", hidden: true },
    field("scale", "Divided by", scale), field("mean", "Mean, after that", mean, "One for each channel, as 0.5, 0.5, 0.5"),
    field("std", "Deviation, after that", std, "One for each channel"));
  way.addEventListener("change", () => { figures.hidden = way.value !== "own"; });
  const list = input => input.value.split(/[,;\s]+/).filter(Boolean).map(Number);
  const value = () => (way.value === "own"
    ? { scale: Number(scale.value), mean: list(mean), std: list(std) } : WAYS[way.value][1]);
  const element = h("div", {}, field("preprocessing", "What its images went through in its training", way,
    "With images prepared in another way than in its training, a network can do no better than guess."), figures);
  const reset = () => { figures.hidden = true; };
  return { element, value, reset };
}
