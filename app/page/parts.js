// Small parts that several views are made of.

import { h } from "./dom.js";

/** Returns a state as a mark: a word, and a shape before it that doesn't need its colour. */
export function stateMark(state, word = state) {
  return h("span", { class: `state ${state}` }, word);
}

/** Returns what stands where something is fetched. */
export function loading() {
  return h("p", { class: "note loading" }, "Loading…");
}

/** Returns an error as the visitor reads it. */
export function trouble(text) {
  return h("p", { class: "trouble", role: "alert" }, text);
}

/** Returns a figure with its name. */
export function tile(value, name, note) {
  return h("div", { class: "tile" }, h("b", {}, value), h("span", {}, name),
    note && h("small", {}, note));
}

/** Returns a field of a form with its label, and a place for what is wrong with it. */
export function field(id, label, input, about) {
  input.id = id;
  const told = [about && `${id}-about`, `${id}-wrong`].filter(Boolean).join(" ");
  input.setAttribute("aria-describedby", told);
  return h("div", { class: "field" }, h("label", { for: id }, label), input,
    about && h("p", { class: "note", id: `${id}-about` }, about),
    h("p", { class: "wrong", id: `${id}-wrong` }));
}

/** Shows what is wrong at each field, by the server's pointers; returns what belongs to none. */
export function showWrong(form, errors, fields) {
  for (const wrong of form.querySelectorAll(".wrong")) wrong.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  const rest = [];
  let first = null;
  for (const { pointer, detail } of errors) {
    const id = fields[pointer] ?? fields[pointer.replace(/\/[^/]+$/, "")];
    const input = id && form.querySelector(`#${id}`);
    if (!input) {
      rest.push(`${pointer.replace(/^#\//, "")}: ${detail}`);
      continue;
    }
    form.querySelector(`#${id}-wrong`).textContent = detail;
    input.setAttribute("aria-invalid", "true");
    first ??= input;
  }
  if (first) {
    const folded = first.closest("details");
    if (folded) folded.open = true;
    first.focus();
  }
  return rest;
}
