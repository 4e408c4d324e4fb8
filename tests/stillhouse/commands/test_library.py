from __future__ import annotations

import json
from pathlib import Path

import pytest

from stillhouse import UnusableDataset
from stillhouse.request import BadRequestFile
from tests.stillhouse.commands.conftest import Run
from tests.stillhouse.fake_server import FakeServer, dataset_document, embedding_document
from tests.stillhouse.little import student_folder


def test_datasets_are_listed(run: Run) -> None:
    _, row = run("datasets").output.splitlines()
    assert row.split() == ["dst_1", "flowers", "1,530", "170", "64x64x3", "2"]
    assert json.loads(run("datasets", "--json").stdout) == dataset_document()


def test_teachers_are_listed(run: Run, fake: FakeServer) -> None:
    _, row = run("teachers").output.splitlines()
    assert row.split()[:3] == ["tch_1", "ready", "Little"]
    assert row.rstrip().endswith("5.37k parameters, 83.4k MACs, 3 channel groups, 1 removals")
    fake.teachers[-1]["summary"] = None
    assert run("teachers").exit_code == 0
    assert json.loads(run("teachers", "--json").stdout)["id"] == "tch_1"


def test_embeddings_are_listed_up_to_a_limit(run: Run) -> None:
    _, first, second = run("embeddings").output.splitlines()
    assert first.split()[:4] == ["emb_2", "zoo/resnet20", "digits", "24"]
    assert second.split()[0] == "emb_1"
    (line,) = run("embeddings", "--json", "--limit", "1").stdout.splitlines()
    assert json.loads(line) == embedding_document(2)


def test_an_embedding_tells_the_names_of_uploads(run: Run, fake: FakeServer) -> None:
    fake.embeddings = [embedding_document(1) | {"teacher": "tch_1", "dataset": "dst_1"}]
    _, row = run("embeddings").output.splitlines()
    assert row.split()[:4] == ["emb_1", "Little", "flowers", "24"]


def test_images_are_uploaded(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "flowers.npz"
    path.write_bytes(b"PK")
    done = run("upload", "dataset", str(path))
    assert (done.exit_code, done.stdout) == (0, "dst_1\n")
    assert done.stderr.startswith("dst_1 (flowers): 1,530 images")
    assert json.loads(run("upload", "dataset", str(path), "--json").stdout)["id"] == "dst_1"


def test_images_that_are_not_there_are_told(run: Run, fake: FakeServer) -> None:
    assert isinstance(run("upload", "dataset", "dst_1").exception, UnusableDataset)
    assert fake.requests == []


@pytest.mark.parametrize("as_json", [False, True])
def test_a_network_is_uploaded(run: Run, tmp_path: Path, as_json: bool) -> None:
    folder = student_folder(tmp_path)
    done = run("upload", "teacher", str(folder), *(["--json"] if as_json else []))
    found = json.loads(done.stdout)["id"] if as_json else done.stdout.strip()
    assert (done.exit_code, found) == (0, "tch_1")
    assert "tch_1 (Little) is ready" in done.stderr


def test_an_input_shape_goes_with_a_networks_name(run: Run) -> None:
    done = run("upload", "teacher", "x.onnx", "--input-shape", "3x8x8")
    assert isinstance(done.exception, BadRequestFile)
