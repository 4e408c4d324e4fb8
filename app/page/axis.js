// Axes on which most values can be told apart.

import { counted } from "./words.js";

/** Returns an axis on which most can be told apart; what is far below all others is not on it. */
export function span(values, most = Infinity) {
  if (!values.length) return [0, 1];
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[0], sorted.at(-1)];
  const place = (sorted.length - 1) / 10;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  const tenth = below + (above - below) * (place % 1);
  const from = high - low > 2.5 * (high - tenth) && high > tenth ? tenth - (high - tenth) / 4 : low;
  const room = Math.max((high - from) * 0.08, 0.005);
  return [Math.max(from - room, 0), Math.min(high + room, most + room / 2)];
}

/** Returns the axis of values, with as much of what is expected as leaves them told apart. */
export function spanWith(values, expected) {
  if (!values.length || !expected.length) return span([...values, ...expected]);
  const [low, high] = span(values);
  return [Math.max(Math.min(low, ...expected), 2 * low - high, 0), Math.max(high, ...expected.map(one => one + 0.005))];
}

/** Returns where a logarithmic axis has marks, as plotly takes it, a seventh of it apart or more. */
export function marks(low, high) {
  if (high > 2 ** 7 * low) return { dtick: 1 }; // each power of ten
  if (high > 3 * low) return { dtick: "D2" }; // 1, 2 and 5 of each
  const step = evenly(high * (1 - (low / high) ** (1 / 7)));
  const tickvals = [];
  for (let n = Math.ceil(low / step); n * step <= high; n += 1) tickvals.push(n * step);
  return { tickvals };
}

/** Returns the next of 1, 2, 5, 10, 20, …, also below 1. */
function evenly(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5].map(one => one * power).find(one => one >= least) ?? 10 * power;
}

/** Returns how many values are too low to be on an axis, in words. */
export function belowInWords(values, [low]) {
  const count = values.filter(value => value < low).length;
  return count ? ` ${counted(count, "trial")} ${count === 1 ? "lies" : "lie"} below the chart.` : "";
}
