"""What a network is: its graph, how it is traced, edited, costed, built and exported."""

from __future__ import annotations

from networks.architecture import Architecture, Layer, TensorSpec
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
from networks.layer_table import LayerTable, SpaceLayer
from networks.space import Space
from networks.student import build, load, weights_of
from networks.trace import Traced, trace
from networks.zoo import NETWORK_NAMES, input_size, network

__all__ = [
    "NETWORK_NAMES",
    "Architecture",
    "ArchitectureError",
    "Candidates",
    "Costs",
    "EditError",
    "Edits",
    "ExportError",
    "Layer",
    "LayerTable",
    "NetworkError",
    "NothingToEditError",
    "Space",
    "SpaceLayer",
    "TensorSpec",
    "TraceError",
    "Traced",
    "UnknownNetworkError",
    "WeightsError",
    "architecture_costs",
    "build",
    "export_pt2",
    "inherit",
    "input_size",
    "load",
    "network",
    "trace",
    "weights_of",
]
