// The networks that have names, as a choice.

import { h } from "./dom.js";

const SOURCES = { zoo: "The paper's, made for small images", torchvision: "torchvision's", timm: "timm's" };

/** Returns the options, by where the networks come from. */
export function networkOptions(names) {
  return Object.entries(SOURCES).map(([source, label]) => h("optgroup", { label },
    names.filter(name => name.startsWith(`${source}/`)).map(name => h("option", { value: name }, name))));
}
