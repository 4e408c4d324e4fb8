// Whether a teacher and a dataset go together, as far as it is known before a job is submitted.

const MOST_NAMES = 12; // of classes

/** Returns what is wrong in words, and else what should be known of them; empty if there is nothing. */
export function fitOf(teacher, dataset) {
  if (!teacher?.summary || !dataset) return { wrong: "", note: "" };
  const { classes, input_shape: [channels, height, width] } = teacher.summary;
  if (dataset.classes !== classes) {
    return { note: "", wrong: `${teacher.name} tells ${classes} classes apart, but ${dataset.name} has ${dataset.classes}. `
      + "Choose the images that it was trained for." };
  }
  if (!dataset.shape) return { wrong: "", note: "" };
  const [high, wide, deep] = dataset.shape;
  if (deep !== channels) {
    return { note: "", wrong: `${teacher.name} takes images of ${channelsOf(channels)}, but those of ${dataset.name} have `
      + `${channelsOf(deep)}.` };
  }
  const sized = high === height && wide === width ? "" : `The images are of ${high}×${wide} and will be resized to `
    + `${height}×${width}, as ${teacher.name} takes them. `;
  return { wrong: "", note: `${sized}The figures that it gives are taken for the classes in this order: `
    + `${dataset.names.slice(0, MOST_NAMES).join(", ")}${dataset.names.length > MOST_NAMES ? ", …" : "."}` };
}

function channelsOf(count) {
  return { 1: "one channel (grey)", 3: "three channels (colour)" }[count] ?? `${count} channels`;
}
