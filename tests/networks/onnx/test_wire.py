from __future__ import annotations

import pytest

from networks import TeacherFileError
from networks.onnx.wire import expect_modest_structure
from tests.hostile.onnx_files import small_model
from tests.networks.onnx_samples import Sample, floats, sample_model


def test_weights_are_not_counted_and_the_graph_is() -> None:
    model = sample_model(Sample("Conv", {"conv.weight": floats(64, 4, 32, 32)}))
    data = model.SerializeToString()
    assert len(data) > 2**20
    expect_modest_structure(data, 5_000)
    with pytest.raises(TeacherFileError, match="more than the 500 bytes"):
        expect_modest_structure(data, 500)


def test_a_field_costs_more_than_its_bytes() -> None:
    nodes = b"\x0a\x00" * 1000
    graph = b"\x3a" + bytes([0xD0, 0x0F]) + nodes
    expect_modest_structure(graph, 40_000)
    with pytest.raises(TeacherFileError, match="more than the 20000 bytes"):
        expect_modest_structure(graph, 20_000)


@pytest.mark.parametrize("removed", [1, 7, 60, 300])
def test_a_part_of_a_file_is_told(removed: int) -> None:
    data = small_model().SerializeToString()
    expect_modest_structure(data, 2**20)
    with pytest.raises(TeacherFileError, match="only a part of one: it breaks off at byte"):
        expect_modest_structure(data[:-removed], 2**20)


@pytest.mark.parametrize("data", [b"\xff" * 20, b"\x07", b"\x00\x00"], ids=["long", "wire", "zero"])
def test_what_is_no_message_is_told(data: bytes) -> None:
    with pytest.raises(TeacherFileError, match="no ONNX file"):
        expect_modest_structure(data, 2**20)
