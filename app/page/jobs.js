// All jobs, newest first.

import { get, inWords } from "./api.js";
import { fill, h } from "./dom.js";
import { loading, stateMark, trouble } from "./parts.js";
import { ENDED, ended, moment, percent, score } from "./words.js";

const AGAIN_MS = 5000;

/** Shows the list until `signal` ends it. */
export async function jobsView(main, signal) {
  const list = h("div", {}, loading());
  const more = h("button", { type: "button", onclick: () => { shown += 20; look(); }, hidden: true },
    "Show older jobs");
  let shown = 20;
  fill(main, h("h1", {}, "Jobs"), list, more);
  const look = async () => {
    try {
      const page = await get(`v1/jobs?limit=${Math.min(shown, 500)}`, { signal });
      const focused = document.activeElement?.getAttribute("href");
      fill(list, page.items.length ? table(page.items) : welcome());
      if (focused && list.querySelector(`a[href="${focused}"]`)) {
        list.querySelector(`a[href="${focused}"]`).focus();
      }
      more.hidden = page.next === null || shown >= 500;
      return page.items.some(job => !ENDED.has(job.state));
    } catch (error) {
      if (!signal.aborted) fill(list, trouble(inWords(error)));
      return true;
    }
  };
  await look();
  const timer = setInterval(() => document.hidden || look(), AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
}

function welcome() {
  return h("p", {}, "There is no job yet. ", h("a", { href: "#/new" }, "Compress a network"),
    ": choose one that has a name, and images to compress it on.");
}

function table(jobs) {
  const head = ["job", "state", "progress", "best score", "accuracy", "size", "submitted"];
  return h("div", { class: "scrolled", tabindex: 0, role: "region", "aria-label": "Jobs" },
    h("table", { class: "jobs" },
      h("thead", {}, h("tr", {}, head.map(name => h("th", { scope: "col" }, name)))),
      h("tbody", {}, jobs.map(row))));
}

function row(job) {
  const { best, progress } = job;
  const network = job.request.teacher.network ?? job.request.teacher.id;
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `#/jobs/${job.id}` }, job.name),
      h("small", {}, `${network} on ${job.request.dataset.name ?? job.request.dataset.id}`)),
    h("td", {}, stateMark(job.state)),
    h("td", {}, `${ended(progress)} of ${progress.total}`),
    h("td", {}, score(best?.score)),
    h("td", {}, percent(best?.accuracy)),
    h("td", {}, best ? percent(best.params_ratio) : "–"),
    h("td", {}, moment(job.created_at)));
}
