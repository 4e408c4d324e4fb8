// Figures and states as people read them.

const UNITS = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** Returns a count with three digits: `272k`. */
export function compact(value) {
  const [size, unit] = UNITS.find(([size]) => value >= size * 0.9995) ?? [1, ""];
  return Number((value / size).toPrecision(3)) + unit;
}

/** Returns a share with a digit behind the point: `98.5%`. */
export function percent(share) {
  return share == null ? "–" : `${(100 * share).toFixed(1)}%`;
}

/** Returns a score with four digits behind the point. */
export function score(value) {
  return value == null ? "–" : value.toFixed(4);
}

/** Returns a size of a file: `64.3 kB`. */
export function size(bytes) {
  return bytes < 1000 ? `${bytes} B` : `${compact(bytes).replace(/([kMGT])$/, " $1")}B`;
}

/** Returns seconds as `1:04` or `2:10:05`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = number => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Returns a moment in the visitor's own way. */
export function moment(text) {
  return new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** Returns a count with its noun: `1 trial`, `2 trials`. */
export function counted(count, noun, nouns = `${noun}s`) {
  return `${count} ${count === 1 ? noun : nouns}`;
}

export const COSTS = { params: "parameters", macs: "MACs", bytes: "bytes" };
export const ENDED = new Set(["succeeded", "failed", "cancelled"]);

/** Returns how many of a job's trials have ended, in whatever way. */
export function ended(progress) {
  return progress.completed + progress.failed + progress.stopped;
}
