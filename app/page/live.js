// A job and its trials as they change, until it has ended: by events, and by asking again and
// again where the server has no room for one more who listens.

import { get, inWords } from "./api.js";
import { events } from "./events.js";
import { ENDED } from "./words.js";

const DRAW_MS = 200; // changes within are shown together
const POLL_MS = 1000;
const [WAIT_MS, MOST_WAIT_MS] = [1000, 30_000]; // after something went wrong, doubled each time
const UNFINISHED = new Set(["queued", "running"]);

/**
 * Tells `show` a job and its trials whenever they change, and `fail` what went wrong, null once it
 * is right again; with `true` where there is no such job. `signal` ends it.
 */
export async function follow(id, { show, fail, signal }) {
  const live = new Live(id, show, signal);
  for (let wait = WAIT_MS; !signal.aborted && !live.ended;) {
    await seen(signal);
    try {
      const heard = () => { fail(null); wait = WAIT_MS; };
      await (live.polls ? live.poll(heard) : live.listen(heard));
      if (!live.ended && !live.polls) await pause(WAIT_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 404) return live.gone(error, fail);
      fail(inWords(error));
      await pause(wait, signal);
      wait = Math.min(2 * wait, MOST_WAIT_MS);
    }
  }
}

class Live {
  constructor(id, show, signal) {
    Object.assign(this, { path: `v1/jobs/${id}`, show, signal, job: null, trials: new Map(), last: "", polls: false });
  }

  get ended() {
    return ENDED.has(this.job?.state);
  }

  /** Listens until the stream ends or the visitor looks away, for a browser has few streams. */
  async listen(heard) {
    const ending = new AbortController();
    const away = () => document.hidden && ending.abort();
    document.addEventListener("visibilitychange", away);
    try {
      const signal = AbortSignal.any([this.signal, ending.signal]);
      for await (const event of events(`${this.path}/events`, this.last, signal)) {
        heard();
        this.take(event);
      }
    } catch (error) {
      if (ending.signal.aborted) return;
      if (this.job !== null && error.status !== 429) throw error;
      this.polls = true;
    } finally {
      document.removeEventListener("visibilitychange", away);
    }
  }

  take({ id, event, data }) {
    this.last = id;
    if (event === "trial") this.trials.set(data.number, data);
    if (event === "state") this.job = data;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (this.job && !this.signal.aborted) this.show(this.job, this.known());
    }, DRAW_MS);
  }

  /** Asks for the job until it has ended; for the trials from the first that may still change. */
  async poll(heard) {
    while (!this.signal.aborted) {
      const job = await get(this.path, { signal: this.signal });
      heard();
      if (job !== this.job) {
        await this.readTrials();
        this.job = job;
        this.show(job, this.known());
      }
      if (this.ended) return;
      await pause(POLL_MS, this.signal);
      await seen(this.signal);
    }
  }

  async readTrials() {
    let first = this.known().find(trial => UNFINISHED.has(trial.state))?.number ?? this.trials.size;
    for (let more = true; more;) {
      const page = await get(`${this.path}/trials?limit=500&first=${first}`, { signal: this.signal });
      for (const trial of page.items) this.trials.set(trial.number, trial);
      first = page.items.length ? page.items.at(-1).number + 1 : first;
      more = page.next !== null;
    }
  }

  known() {
    return [...this.trials.values()].sort((a, b) => a.number - b.number);
  }

  gone(error, fail) {
    this.job = null;
    fail(inWords(error), true);
  }
}

/** Resolves once the visitor looks at the page, or when it is over. */
function seen(signal) {
  return until(signal, done => {
    if (!document.hidden) done();
    document.addEventListener("visibilitychange", done, { once: true });
  });
}

function pause(milliseconds, signal) {
  return until(signal, done => setTimeout(done, milliseconds));
}

function until(signal, start) {
  return new Promise(resolve => {
    signal.addEventListener("abort", resolve, { once: true });
    if (signal.aborted) resolve();
    start(resolve);
  });
}
