// The figures of a job's best student, as large as they are looked for.

import { tile } from "./parts.js";
import { compact, percent, score, size } from "./words.js";

/** Returns the figures of a job: those of its best student, or what is known of the teacher. */
export function tiles({ best, teacher }) {
  if (!best) {
    return teacher ? [tile(percent(teacher.accuracy), "accuracy of the teacher", `${compact(teacher.params)} parameters`)]
      : [];
  }
  return [
    tile(score(best.score), "best student's score", `trial ${best.trial}`),
    tile(percent(best.accuracy), "accuracy on validation", `the teacher ${percent(teacher.accuracy)}`),
    tile(percent(best.params_ratio), "of the parameters", `${compact(best.params)} of ${compact(teacher.params)}`),
    tile(size(best.bytes), "size of the weights", `the teacher's ${size(teacher.bytes)}`),
    tile(percent(best.macs_ratio), "of the MACs", `${compact(best.macs)} of ${compact(teacher.macs)}`),
    best.latency_ms && tile(`${best.latency_ms.toPrecision(3)} ms`, "latency",
      teacher.latency_ms && `the teacher ${teacher.latency_ms.toPrecision(3)} ms`),
  ];
}
