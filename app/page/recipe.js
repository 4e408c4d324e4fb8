// How a network becomes a file that can be uploaded.

import { codeBlock } from "./code.js";
import { h } from "./dom.js";

const LINES = `import torch

example = torch.zeros(1, 3, 224, 224)  # your image: 1, channels, height, width
torch.onnx.export(model.cpu().train(False), (example,), "model.onnx", external_data=False)`;

/** Returns the recipe. */
export function recipe() {
  return h("div", { class: "recipe" },
    h("p", {}, "In Python, where your trained ", h("code", {}, "nn.Module"), " is ", h("code", {}, "model"), ":"),
    codeBlock(LINES, "Lines of Python"),
    h("p", { class: "note" }, "Then choose model.onnx below. It has the layers and the weights; your code stays with you. "
      + "PyTorch may ask for ", h("code", {}, "pip install onnx onnxscript"), " first. An old one that doesn't know ",
      h("code", {}, "external_data"), " does without it. The network has to give one figure for each class, without a "
      + "softmax at its end."));
}
