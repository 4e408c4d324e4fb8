// What the server tells of a job's surrogate: it follows the trials by a second or a few.

import { get } from "./api.js";
import { completed } from "./trials.js";
import { ENDED } from "./words.js";

const AGAIN_MS = 2000;

/** Returns `look`, which is told the job and its trials, and `body`; `changed` is called for each new one. */
export function surrogatePart(id, signal, changed) {
  const part = { body: null, look };
  let [wanted, over, asking] = [-1, false, false];

  function look(job, trials) {
    const [count, ended] = [completed(trials).length, ENDED.has(job.state)];
    const news = count > wanted || ended !== over;
    [wanted, over] = [count, ended];
    if (news && !asking && count && job.request.search.strategy === "embedding") ask();
  }

  async function ask() {
    asking = true;
    for (let more = true; more && !signal.aborted;) {
      const last = over;
      const found = await get(`v1/jobs/${id}/surrogate`, { signal }).catch(() => part.body); // the job tells what is wrong
      if (found !== part.body && !signal.aborted) {
        part.body = found;
        changed();
      }
      more = !last && (over || !(part.body?.trials >= wanted));
      if (more && !over) await new Promise(resolve => setTimeout(resolve, AGAIN_MS));
    }
    asking = false;
  }

  return part;
}
