// Which of a teacher's doors some files open, told by their names.

const PICKLES = /\.(pt|pth|pt2|pkl|pickle|ckpt|bin|tar)$/i;
const OTHERS = /\.(h5|keras|tflite|pb|mlmodel|engine)$/i;

/** Returns the form's fields of files as `{path, file}`; throws what is wrong in words. */
export function fieldsOf(files) {
  const find = ending => files.filter(one => one.path.toLowerCase().endsWith(ending)).map(one => one.file);
  const [onnx, weights, graphs] = [".onnx", ".safetensors", ".json"].map(find);
  refuse(files);
  const known = onnx.length + weights.length + graphs.length;
  if (known < files.length || onnx.length > 1 || weights.length > 1 || graphs.length > 1) {
    throw new Error("Choose one .onnx; or one .safetensors, and the architecture.json that it goes with if it is a student's.");
  }
  if (onnx.length && known > 1) throw new Error("An .onnx has its weights inside: choose it alone.");
  if (onnx.length) return { onnx: onnx[0] };
  if (!weights.length) throw new Error("The weights are missing: choose the .safetensors too.");
  return graphs.length ? { architecture: graphs[0], weights: weights[0] } : { weights: weights[0] };
}

function refuse(files) {
  const named = ending => files.find(one => ending.test(one.path))?.path;
  const [pickle, other, outside] = [PICKLES, OTHERS, /\.onnx[._]data$/i].map(named);
  if (pickle) {
    throw new Error(`${pickle} is a pickle, which can run any code where it is opened: no server takes one. `
      + "Open it where it was made, and export it with the lines above.");
  }
  if (outside) {
    throw new Error(`${outside} holds weights outside of the .onnx. Export it again with external_data=False, `
      + "and choose the .onnx alone.");
  }
  if (other) throw new Error(`${other} is not of PyTorch or ONNX: convert it to ONNX first.`);
}
