// Which view the address names; the one before ends.

import { inWords } from "./api.js";
import { datasetsView } from "./datasets.js";
import { fill, h } from "./dom.js";
import { jobView } from "./job.js";
import { jobsView } from "./jobs.js";
import { newJobView } from "./new_job.js";
import { trouble } from "./parts.js";
import { teachersView } from "./teachers.js";

const VIEWS = {
  jobs: ["Jobs", jobsView], new: ["New job", newJobView], teachers: ["Teachers", teachersView],
  datasets: ["Datasets", datasetsView],
};
const main = document.getElementById("main");
let ending = new AbortController();

async function show() {
  ending.abort();
  ending = new AbortController();
  const { signal } = ending;
  const [, name = "jobs", id] = location.hash.split("/");
  const [title, view] = VIEWS[name] ?? VIEWS.jobs;
  document.title = `${title} · Stillhouse`;
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.getAttribute("href") === `#/${name}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    await (name === "jobs" && id ? jobView(main, signal, id) : view(main, signal, id));
  } catch (error) {
    if (!signal.aborted) fill(main, h("h1", {}, title), trouble(inWords(error)));
  }
}

document.getElementById("jump").addEventListener("click", event => {
  event.preventDefault(); // an address of its own would be taken for a view's
  main.focus();
});
addEventListener("hashchange", () => {
  show();
  main.focus();
  scrollTo(0, 0);
});
show();
