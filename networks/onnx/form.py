"""The form of an ONNX graph's nodes, checked before anything looks into one."""

from __future__ import annotations

import onnx
from onnx import defs

from networks.intake.limits import TeacherFileError
from networks.onnx.file import OUR_DOMAINS
from networks.onnx.operators import OPERATORS
from networks.onnx.wire import WHERE


def expect_form(graph: onnx.GraphProto, opset: int) -> None:
    """Checks each node: an operator that we read, with as many inputs and outputs as ONNX says.

    Raises:
        TeacherFileError: If one is otherwise.
    """
    for node in graph.node:
        title = f"node {node.name or (*node.output, '')[0]!r} ({node.op_type})"
        if node.domain not in OUR_DOMAINS:
            raise TeacherFileError(
                WHERE, f"{title}: operator {node.domain}.{node.op_type} is not ONNX's own"
            )
        if node.op_type not in OPERATORS:
            raise TeacherFileError(
                WHERE, f"{title}: operator {node.op_type!r} is not one that is taken"
            )
        schema = _schema(node.op_type, opset)
        if not schema.min_input <= len(node.input) <= schema.max_input:
            raise TeacherFileError(WHERE, f"{title}: it can't have {len(node.input)} inputs")
        if not max(schema.min_output, 1) <= len(node.output) <= schema.max_output:
            raise TeacherFileError(WHERE, f"{title}: it can't have {len(node.output)} outputs")
        if not node.output[0]:
            raise TeacherFileError(WHERE, f"{title}: its first output has no name")


def _schema(op: str, opset: int) -> defs.OpSchema:
    """The operator as the opset has it; as the newest does, where the opset has none yet."""
    return defs.get_schema(op, opset) if defs.has(op, opset) else defs.get_schema(op)
