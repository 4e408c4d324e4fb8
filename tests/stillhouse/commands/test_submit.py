from __future__ import annotations

import json
from pathlib import Path

import pytest

from stillhouse.dataset_source import UnusableDataset
from stillhouse.errors import Refused, UnusableLog
from tests.stillhouse.commands.conftest import Run
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document


def test_flags_make_a_request(run: Run, fake: FakeServer) -> None:
    flags = ["--network", "zoo/vgg19", "--dataset", "digits", "--params-ratio", "0.1"]
    done = run("submit", *flags, "--evaluations", "3", "--set", "search.strategy=random")
    assert (done.exit_code, done.output) == (0, f"{JOB_ID}\n")
    assert fake.bodies("/v1/jobs") == [
        {
            "name": "zoo/vgg19 on digits",
            "teacher": {"network": "zoo/vgg19"},
            "dataset": {"name": "digits"},
            "constraints": {"params_ratio": 0.1},
            "search": {"evaluations": 3, "strategy": "random"},
        }
    ]


def test_flags_win_over_a_file(run: Run, fake: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps({"name": "a", "search": {"seed": 1}}))
    assert run("submit", str(path), "--seed", "2", "--dataset", "dst_1").exit_code == 0
    assert fake.bodies("/v1/jobs") == [
        {"name": "a", "search": {"seed": 2}, "dataset": {"id": "dst_1"}}
    ]


def test_an_archive_is_uploaded_first(run: Run, fake: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "flowers.npz"
    path.write_bytes(b"PK")
    done = run("submit", "--network", "zoo/vgg19", "--dataset", str(path))
    assert done.exit_code == 0
    assert [request.url.path for request in fake.requests[:2]] == ["/v1/datasets", "/v1/jobs"]
    assert fake.bodies("/v1/jobs")[0]["dataset"] == {"id": "dst_1"}
    assert done.stdout == f"{JOB_ID}\n"
    assert done.stderr == (
        "dst_1 (flowers): 1,530 images and 170 to test, 64x64x3, of 2 classes with 30 to 1,500 each"
        "\n  the classes are of very different sizes\n"
    )


@pytest.mark.parametrize("name", ["pets", "pets.zip"])
def test_a_folder_of_images_is_uploaded_first(
    run: Run, fake: FakeServer, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if path.suffix:
        path.write_bytes(b"PK")
    else:
        path.mkdir()
    assert run("submit", "--network", "zoo/vgg19", "--dataset", str(path)).exit_code == 0
    assert b'filename="pets.zip"' in fake.requests[0].content
    assert fake.bodies("/v1/jobs")[0]["dataset"] == {"id": "dst_1"}


@pytest.mark.parametrize("name", ["digits", "torchvision/cifar10", "folder/pets"])
def test_a_name_is_a_name_whatever_folders_there_are(
    run: Run, fake: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert run("submit", "--network", "zoo/vgg19", "--dataset", name).exit_code == 0
    assert fake.bodies("/v1/jobs")[0]["dataset"] == {"name": name}
    assert run("submit", "--network", "zoo/vgg19", "--dataset", f"./{name}").exit_code == 0
    assert fake.bodies("/v1/jobs")[1]["dataset"] == {"id": "dst_1"}


def test_an_archive_that_is_not_there_is_told(run: Run, fake: FakeServer) -> None:
    done = run("submit", "--dataset", "missing.npz")
    assert isinstance(done.exception, UnusableDataset)
    assert fake.requests == []


def test_a_refusal_reaches_the_command_line(run: Run) -> None:
    done = run("submit", "--network", "zoo/vgg19", "--evaluations", "0")
    assert isinstance(done.exception, Refused)


def test_the_document_on_request(run: Run) -> None:
    assert json.loads(run("submit", "--network", "zoo/vgg19", "--json").output) == job_document()


def test_watching_goes_on_to_the_end(run: Run, fake: FakeServer) -> None:
    fake.jobs = [job_document(), job_document(state="succeeded")]
    done = run("submit", "--network", "zoo/vgg19", "--watch")
    assert done.exit_code == 0
    assert f"{JOB_ID} succeeded" in done.output


def test_watching_with_json_leaves_one_document_on_standard_output(
    run: Run, fake: FakeServer
) -> None:
    fake.jobs = [job_document(), job_document(state="succeeded")]
    done = run("submit", "--network", "zoo/vgg19", "--watch", "--json")
    assert json.loads(done.stdout)["state"] == "succeeded"
    assert f"{JOB_ID} succeeded" in done.stderr


def test_a_log_that_can_be_none_is_told_before_anything_is_submitted(
    run: Run, fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("STILLHOUSE_MLFLOW", "foo://x")
    done = run("submit", "--network", "zoo/vgg19", "--watch")
    assert isinstance(done.exception, UnusableLog)
    assert fake.requests == []
