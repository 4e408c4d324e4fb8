"""How large an uploaded teacher may be, and the error that refuses one."""

from __future__ import annotations

from dataclasses import dataclass

from networks.errors import NetworkError

LONGEST_DETAIL = 450


class TeacherFileError(NetworkError):
    """Raised when an uploaded teacher is refused.

    Attributes:
        where: The upload's field at fault: `network`, `weights`, `onnx` or `architecture`.
        detail: What is wrong, with the tensor's, layer's or operator's name, and what would be
            right.
    """

    def __init__(self, where: str, detail: str) -> None:
        if len(detail) > LONGEST_DETAIL:  # names of an upload's may be of any length
            detail = f"{detail[:LONGEST_DETAIL]} …"
        super().__init__(f"{where}: {detail}")
        self.where = where
        self.detail = detail


@dataclass(frozen=True)
class TeacherLimits:
    """What is checked before memory is taken for it.

    Attributes:
        max_params: Elements of all tensors together.
        max_activation_bytes: Bytes of all layers' outputs together, for one image.
        max_macs: Multiply-accumulates for one image.
        max_layers: Layers of the graph (nodes of an ONNX graph).
        max_file_bytes: Of the weights or the ONNX file; 2 GiB is ONNX's own limit.
        max_structure_bytes: Of a file without its weights: an architecture, a safetensors header,
            an ONNX graph. Parsed, they take some fifty times as much memory.
    """

    max_params: int = 500_000_000
    max_activation_bytes: int = 4 * 2**30
    max_macs: int = 10**12
    max_layers: int = 5_000
    max_file_bytes: int = 2**31 - 1
    max_structure_bytes: int = 16 * 2**20
