// One job, live: how far it is, what it has found, and what can be done with it.

import { command, get, inWords } from "./api.js";
import { bestPart } from "./best.js";
import { Chart } from "./chart.js";
import { announce, fill, h } from "./dom.js";
import { loading, stateMark, trouble } from "./parts.js";
import { follow } from "./live.js";
import { mapChart } from "./map_chart.js";
import { learn, titleOf } from "./naming.js";
import { progressChart } from "./progress_chart.js";
import { costChart, curvesChart } from "./search_charts.js";
import { surrogatePart } from "./surrogate.js";
import { tiles } from "./tiles.js";
import { trialsPart } from "./trials.js";
import { hasResults, waitingPart } from "./waiting.js";
import { COSTS, ENDED, duration, ended, moment, score } from "./words.js";

const ANNOUNCED_EVERY_MS = 5000;

/** Shows a job until `signal` ends it. */
export function jobView(main, signal, id) {
  const view = new JobView(id, signal);
  fill(main, view.element);
  const clock = setInterval(() => view.tick(), 1000);
  signal.addEventListener("abort", () => clearInterval(clock));
  return follow(id, { show: view.show.bind(view), fail: view.fail.bind(view), signal });
}

class JobView {
  constructor(id, signal) {
    this.id = id;
    this.chosen = null; // the trial whose curve is shown; null for the best
    this.cost = null;
    this.announcedAt = 0;
    const onpoint = number => this.choose(number);
    this.charts = {
      search: new Chart("Search progress", { onpoint }),
      cost: new Chart("Accuracy against cost", { onpoint, choice: this.costChoice() }),
      curves: new Chart("Learning curves", { onpoint }),
      map: new Chart("Map of the embedding", { onpoint }),
    };
    this.surrogate = surrogatePart(id, signal, () => this.draw());
    this.parts = Object.fromEntries(["head", "progress", "commands", "wrong", "tiles"]
      .map(name => [name, h("div", { class: name })]));
    this.best = bestPart();
    const { search, cost, curves, map } = this.charts;
    const figures = [search, cost, curves, this.best, map].map(one => one.element);
    this.trials = trialsPart(number => {
      this.choose(number);
      curves.element.scrollIntoView({ block: "center" });
    });
    this.waiting = waitingPart();
    this.drawn = h("div", { class: "charts" }, figures);
    this.asked = h("details", {}, h("summary", {}, "What was asked for"));
    this.element = h("div", {}, this.parts.wrong, loading());
  }

  /** Puts all parts in the place of what stood there while the job was fetched. */
  open() {
    const { head, progress, commands, wrong, tiles } = this.parts;
    fill(this.element, head, progress, commands, wrong, tiles, this.waiting.element, this.best.files,
      this.drawn, this.trials.element, this.asked);
  }

  /** Shows a job and its trials as they are now. */
  show(job, trials) {
    if (!this.job) this.open();
    const changed = this.job?.state !== job.state;
    [this.job, this.all] = [job, trials];
    document.title = `${job.name}: ${job.state} · Stillhouse`;
    if (changed) {
      fill(this.parts.head, ...this.head());
      fill(this.parts.commands, this.commands());
      this.asked.replaceChildren(this.asked.firstChild,
        h("pre", { tabindex: 0 }, JSON.stringify(job.request, null, 2)));
    }
    this.cost ??= job.request.objective.costs?.[0]
      ?? Object.keys(COSTS).find(cost => job.request.constraints?.[cost]
        ?? job.request.constraints?.[`${cost}_ratio`]) ?? "params";
    this.select.value = this.cost;
    this.progress();
    fill(this.parts.tiles, ...tiles(job));
    this.best.show(job, trials);
    this.trials.element.hidden = !trials.length;
    this.waiting.show(job, trials);
    this.surrogate.look(job, trials);
    this.draw();
    this.announce(changed);
  }

  /** Shows what is wrong, nothing of null; of a job that isn't there, or no more, that alone. */
  fail(text, gone) {
    fill(this.parts.wrong, text && trouble(text));
    if (!gone) return;
    document.title = "No such job · Stillhouse";
    fill(this.element, h("h1", {}, "No such job"), this.parts.wrong,
      h("p", {}, h("a", { href: "#/jobs" }, "All jobs")));
  }

  /** Shows how long it takes by now. */
  tick() {
    if (this.elapsed && this.job?.started_at) this.elapsed.textContent = elapsed(this.job);
  }

  choose(number) {
    this.chosen = number;
    this.draw();
    announce(this.charts.curves.words.textContent);
  }

  draw() {
    this.trials.show(this.all, this.chosen);
    this.drawn.hidden = !hasResults(this.all);
    if (this.drawn.hidden) return;
    const chosen = this.chosen ?? this.job.best?.trial;
    const made = {
      search: progressChart(this.job, this.all, this.surrogate.body),
      cost: costChart(this.job, this.all, this.cost),
      curves: curvesChart(this.all, chosen),
      map: mapChart(this.job, this.all, this.surrogate.body),
    };
    for (const [name, make] of Object.entries(made)) {
      this.charts[name].draw(make, this.chosen).catch(error => this.fail(inWords(error)));
    }
  }

  head() {
    const { name, state, request, created_at: created, error } = this.job;
    const title = h("span", {}, titleOf(request));
    learn([request]).then(() => { title.textContent = titleOf(request); });
    return [
      h("h1", {}, name, " ", stateMark(state)),
      h("p", { class: "note" }, title, `, submitted ${moment(created)}`),
      error && trouble(error.detail ?? "The job has failed."),
    ];
  }

  progress() {
    const { progress, state } = this.job;
    const done = state === "succeeded" ? progress.total : ended(progress);
    this.elapsed = h("span", {}, this.job.started_at ? elapsed(this.job) : "");
    const others = ["running", "failed", "stopped"].filter(name => progress[name])
      .map(name => `, ${progress[name]} ${name}`).join("");
    fill(this.parts.progress,
      h("progress", { max: progress.total, value: done, "aria-label": "Students tried" }),
      h("p", {}, h("span", {}, `${done} of ${progress.total} students tried${others}. `),
        h("span", {}, state === progress.stage ? "" : `Now: ${progress.stage}. `), this.elapsed));
  }

  commands() {
    const { embedding, state } = this.job;
    if (embedding) return h("p", {}, h("a", { href: `#/new/${embedding}` }, "Begin another job from what this one has learned"));
    if (ENDED.has(state)) return null;
    const button = (name, label) => h("button", {
      type: "button", class: name === "cancel" ? "danger" : null, onclick: () => this.command(name),
    }, label);
    return h("div", { class: "row" },
      state === "paused" ? button("resume", "Resume") : button("pause", "Pause"),
      button("cancel", "Cancel"));
  }

  kept() {
    return this.job.best ? "Its best student so far stays, and the figures of its trials."
      : "No student's files have been written yet: the figures of its trials alone will stay.";
  }

  async command(name) {
    if (name === "cancel" && !confirm(`Cancel this job? ${this.kept()}`)) return;
    try {
      await command(`v1/jobs/${this.id}/${name}`);
      announce(`Asked to ${name}.`);
      this.fail(null);
    } catch (error) {
      this.fail(inWords(error));
    }
  }

  costChoice() {
    this.select = h("select", { id: "cost", onchange: () => {
      this.cost = this.select.value;
      this.draw();
    } }, Object.entries(COSTS).map(([value, name]) => h("option", { value }, name)));
    return [h("label", { for: "cost", class: "unseen" }, "Cost to weigh against accuracy"), this.select];
  }

  announce(changed) {
    const { best, progress, state } = this.job;
    if (!changed && Date.now() - this.announcedAt < ANNOUNCED_EVERY_MS) return;
    this.announcedAt = Date.now();
    announce(`${state}: ${ended(progress)} of ${progress.total} students tried`
      + (best ? `, best score ${score(best.score)}.` : "."));
  }
}

function elapsed({ started_at: start, finished_at: end }) {
  return `${duration((Date.parse(end ?? new Date().toISOString()) - Date.parse(start)) / 1000)} so far`
    .replace(end ? " so far" : /$^/, "");
}
