"""ONNX: into our graph, and out of it."""
