// How a network becomes a file that can be uploaded: lines of Python that can be copied.

import { announce, h } from "./dom.js";

const LINES = `import torch

example = torch.zeros(1, 3, 224, 224)  # your image: 1, channels, height, width
torch.onnx.export(model.cpu().eval(), (example,), "model.onnx", external_data=False)`;

/** Returns the recipe. */
export function recipe() {
  const code = h("code", {}, LINES);
  const copy = h("button", { type: "button", onclick: () => copied(code) }, "Copy");
  return h("div", { class: "recipe" },
    h("p", {}, "In Python, where your trained ", h("code", {}, "nn.Module"), " is ", h("code", {}, "model"), ":"),
    h("pre", { tabindex: 0, "aria-label": "Lines of Python" }, code), copy,
    h("p", { class: "note" }, "Then choose model.onnx below. It has the layers and the weights; your code stays with you. "
      + "PyTorch may ask for ", h("code", {}, "pip install onnx onnxscript"), " first. An old one that doesn't know ",
      h("code", {}, "external_data"), " does without it. The network has to give one figure for each class, without a "
      + "softmax at its end."));
}

async function copied(code) {
  try {
    await navigator.clipboard.writeText(LINES);
    announce("Copied.");
  } catch { // a browser that keeps the clipboard from pages of this address
    getSelection().selectAllChildren(code);
    announce("Selected: copy it by Ctrl+C.");
  }
}
