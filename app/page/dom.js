// Elements out of plain values. Text is only ever text: nothing here reads a string as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Returns an element; `props` are attributes, and functions for events (`onclick`). */
export function h(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/** Returns an element of a picture. */
export function svg(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

/** Puts children in the place of what an element has. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter(one => one != null && one !== false));
  return element;
}

/** Has those who listen to the page hear a sentence; the same one is heard once. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer.textContent !== text) announcer.textContent = text;
}

function filled(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter(one => one != null && one !== false));
  return element;
}
