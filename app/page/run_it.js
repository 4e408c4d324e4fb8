// How a student is run where it is wanted: lines of Python with its own figures.

import { codeBlock } from "./code.js";
import { h } from "./dom.js";

const FILE = "student.onnx";

/** Returns the lines, folded, by a student's report. */
export function runIt({ preprocessing: { scale, mean, std, size } }) {
  const list = values => `np.float32([${values.join(", ")}]).reshape(-1, 1, 1)`;
  const lines = `import numpy as np
import onnxruntime

# images: n x ${size.join(" x ")} x ${mean.length}, values from 0 to ${scale === 16 ? 16 : 255}
x = np.float32(images).transpose(0, 3, 1, 2) / ${scale}
x = (x - ${list(mean)}) / ${list(std)}
session = onnxruntime.InferenceSession("${FILE}")
(logits,) = session.run(["logits"], {"images": x})
classes = logits.argmax(1)  # numbers from 0 on, in the order of the dataset's classes`;
  return h("details", {}, h("summary", {}, "How to run it"),
    h("p", {}, "With ", h("code", {}, FILE), " in the folder, and ", h("code", {}, "pip install onnxruntime numpy"), ":"),
    codeBlock(lines, "Lines that run it"));
}
