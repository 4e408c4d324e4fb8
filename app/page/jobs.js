// All jobs, newest first.

import { get, inWords } from "./api.js";
import { fill, h } from "./dom.js";
import { learn, titleOf } from "./naming.js";
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
      await learn(page.items.map(job => job.request));
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
  const link = (view, words) => h("a", { href: `#/${view}` }, words);
  return h("div", {}, h("p", {}, "Give it a network, and get back a smaller one. There is no job yet; three steps lead to one:"),
    h("ol", { class: "steps" },
      h("li", {}, link("teachers", "Upload your network"), ", or choose one by its name in the third step."),
      h("li", {}, link("datasets", "Upload your images"), ", or take those that have a name."),
      h("li", {}, link("new", "Compress a network"), ": say how small it is to be. You are told how long it takes before you "
        + "start it, can watch it, and download the best student at any time.")));
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
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `#/jobs/${job.id}` }, job.name),
      h("small", {}, titleOf(job.request))),
    h("td", {}, stateMark(job.state)),
    h("td", {}, `${ended(progress)} of ${progress.total}`),
    h("td", {}, score(best?.score)),
    h("td", {}, percent(best?.accuracy)),
    h("td", {}, best ? percent(best.params_ratio) : "–"),
    h("td", {}, moment(job.created_at)));
}
