"""What a network is: its graph, how it is traced, edited, costed, built and exported."""

from __future__ import annotations

from networks.architecture import Architecture, Layer, TensorSpec
from networks.budget_widths import budget_widths, narrowest, scale_importance
from networks.candidates import Candidates, Costs
from networks.cost import architecture_costs
from networks.edits import Edits
from networks.errors import (
    ArchitectureError,
    EditError,
    ExportError,
    NetworkError,
    NothingToEditError,
    TraceError,
    UnknownNetworkError,
    WeightsError,
)
from networks.export import export_pt2
from networks.inheritance import inherit
from networks.intake.files import read_architecture, read_named, read_onnx
from networks.intake.limits import TeacherFileError, TeacherLimits
from networks.latency import (
    Latency,
    LatencySetting,
    measure_latency,
    measure_onnx,
    untrained,
)
from networks.latency_features import LATENCY_FEATURES
from networks.latency_predictor import LEAST_MEASURED, LatencyPredictor, PredictionError
from networks.layer_table import LayerTable, SpaceLayer, read_layers
from networks.onnx.export import expect_onnx_form, export_onnx
from networks.space import Space
from networks.student import build, load, weights_of
from networks.tracing.module import Traced, trace
from networks.tracing.weightless import weightless
from networks.zoo import NETWORK_NAMES, input_size, native_size, network

__all__ = [
    "LATENCY_FEATURES",
    "LEAST_MEASURED",
    "NETWORK_NAMES",
    "Architecture",
    "ArchitectureError",
    "Candidates",
    "Costs",
    "EditError",
    "Edits",
    "ExportError",
    "Latency",
    "LatencyPredictor",
    "LatencySetting",
    "Layer",
    "LayerTable",
    "NetworkError",
    "NothingToEditError",
    "PredictionError",
    "Space",
    "SpaceLayer",
    "TeacherFileError",
    "TeacherLimits",
    "TensorSpec",
    "TraceError",
    "Traced",
    "UnknownNetworkError",
    "WeightsError",
    "architecture_costs",
    "budget_widths",
    "build",
    "expect_onnx_form",
    "export_onnx",
    "export_pt2",
    "inherit",
    "input_size",
    "load",
    "measure_latency",
    "measure_onnx",
    "narrowest",
    "native_size",
    "network",
    "read_architecture",
    "read_layers",
    "read_named",
    "read_onnx",
    "scale_importance",
    "trace",
    "untrained",
    "weightless",
    "weights_of",
]
