"""Walks the bytes of an ONNX file before they are parsed: how much of it is not weights?

A parsed protobuf message of two bytes takes a hundred in memory, so that a small file of empty
nodes fills any memory. The bytes of the weights are taken over as they are: all else is limited.
"""

from __future__ import annotations

from collections.abc import Iterator

from networks.intake.limits import TeacherFileError

WHERE = "onnx"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10
_LEAST_BYTES = 32  # what a field costs at least, however few bytes it has here

# Fields of messages that lead to weights: model.graph, graph.node and graph.initializer,
# node.attribute, attribute.t; and the tensor's fields that are taken over as they are.
_MODEL, _GRAPH, _NODE, _ATTRIBUTE, _TENSOR = "model", "graph", "node", "attribute", "tensor"
_INSIDE: dict[str, dict[int, str]] = {
    _MODEL: {7: _GRAPH},
    _GRAPH: {1: _NODE, 5: _TENSOR},
    _NODE: {5: _ATTRIBUTE},
    _ATTRIBUTE: {5: _TENSOR},
    _TENSOR: {},
}
_FLOAT_DATA, _RAW_DATA = 4, 9


def expect_modest_structure(data: bytes, limit_bytes: int) -> None:
    """Checks that all of an ONNX file but its weights has at most `limit_bytes`.

    Raises:
        TeacherFileError: If it has more, or if the bytes are no protobuf messages.
    """
    view = memoryview(data)
    left = limit_bytes
    stack = [(_MODEL, 0, len(data))]
    while stack:
        kind, start, end = stack.pop()
        for field, wire, first, last, begin in _fields(view, start, end):
            inner = _INSIDE[kind].get(field) if wire == _BYTES else None
            if inner is not None:
                stack.append((inner, first, last))
                left -= max(first - begin, _LEAST_BYTES)
            elif not (kind == _TENSOR and wire == _BYTES and field in (_FLOAT_DATA, _RAW_DATA)):
                left -= max(last - begin, _LEAST_BYTES)
            else:
                left -= _LEAST_BYTES
            if left < 0:
                raise TeacherFileError(
                    WHERE,
                    f"its graph without the weights has more than the {limit_bytes} bytes "
                    "that are taken",
                )


def _fields(view: memoryview, start: int, end: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Number, wire type, first and last byte of the value, and first byte of each field."""
    position = start
    while position < end:
        begin = position
        key, position = _varint(view, position, end)
        field, wire = key >> 3, key & 7
        if wire == _BYTES:
            length, position = _varint(view, position, end)
        elif wire == _VARINT:
            length = _varint(view, position, end)[1] - position
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise TeacherFileError(WHERE, f"this is no ONNX file: byte {begin} starts no field")
        if length > end - position or field == 0:
            raise TeacherFileError(
                WHERE, f"this is no ONNX file, or only a part of one: it breaks off at byte {begin}"
            )
        yield field, wire, position, position + length, begin
        position += length


def _varint(view: memoryview, position: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(_MAX_VARINT_BYTES):
        if position >= end:
            break
        byte = view[position]
        position += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, position
    raise TeacherFileError(
        WHERE, f"this is no ONNX file, or only a part of one: it breaks off at byte {position}"
    )
