from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from torch.export import Dim, export, save

import networks
from stillhouse.exported import read_pt2
from stillhouse.local_teacher import UnusableTeacher
from tests.stillhouse.little import PREPROCESSING, little


def nobody(_: str) -> None:
    """Hears nothing."""


def test_a_pt2_is_opened_after_a_word_of_warning(tmp_path: Path) -> None:
    module, path = little(), tmp_path / "mine.pt2"
    networks.export_pt2(module, (1, 8, 8), path)
    said: list[str] = []
    found = read_pt2(path, PREPROCESSING, said.append)
    (warning,) = said
    assert "unpickles" in warning
    assert "the server takes none" in warning
    assert (found.name, found.preprocessing) == ("mine", PREPROCESSING)
    images = torch.randn(3, 1, 8, 8)
    rebuilt = networks.build(found.architecture, found.weights).eval()
    with torch.no_grad():
        assert torch.allclose(rebuilt(images), module(images), atol=1e-5)


def test_the_warning_comes_before_the_file_is_read(tmp_path: Path) -> None:
    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_pt2(tmp_path / "not there.pt2", None, stop)


def test_a_fixed_batch_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "fixed.pt2"
    save(export(little(), (torch.zeros(4, 1, 8, 8),)), path)
    with pytest.raises(UnusableTeacher, match=r"exactly 4\. Export it again(?s:.*)dynamic_shapes"):
        read_pt2(path, None, nobody)


def test_a_size_left_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "open.pt2"
    shapes = ({0: Dim("batch"), 2: Dim("height", min=4, max=64)},)
    convolution = torch.nn.Conv2d(1, 2, 3, padding=1)
    save(export(convolution, (torch.zeros(4, 1, 8, 8),), dynamic_shapes=shapes), path)
    with pytest.raises(UnusableTeacher, match="images of any size"):
        read_pt2(path, None, nobody)


def test_another_file_under_that_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt2"
    torch.save(little().state_dict(), path)
    with pytest.raises(UnusableTeacher, match=r"not what torch\.export\.save writes"):
        read_pt2(path, None, nobody)


def test_another_input_than_images_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flat.pt2"
    shapes = ({0: Dim("batch")},)
    save(export(torch.nn.Linear(8, 2), (torch.zeros(4, 8),), dynamic_shapes=shapes), path)
    with pytest.raises(UnusableTeacher, match="one batch of images is wanted"):
        read_pt2(path, None, nobody)


def test_what_torch_logs_of_a_broken_file_is_not_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, log = tmp_path / "broken.pt2", logging.getLogger("torch.export")
    path.write_text("no archive")
    log.addHandler(caplog.handler)
    try:
        with pytest.raises(UnusableTeacher, match=r"not what torch\.export\.save writes"):
            read_pt2(path, None, nobody)
        log.error("heard again")
    finally:
        log.removeHandler(caplog.handler)
    assert [record.getMessage() for record in caplog.records] == ["heard again"]
