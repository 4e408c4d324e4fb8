from __future__ import annotations

from pathlib import Path

import pytest

from stillhouse import UnusableTeacher
from stillhouse.request import BadRequestFile
from tests.stillhouse.commands.conftest import Run
from tests.stillhouse.fake_server import FakeServer
from tests.stillhouse.little import student_folder


def test_latency_and_rounding_have_flags(run: Run, fake: FakeServer) -> None:
    flags = ["--latency-ms", "2.5", "--runtime", "pytorch", "--round-to", "16"]
    assert (
        run("submit", "--network", "zoo/vgg19", *flags, "--set", "latency.threads=2").exit_code == 0
    )
    (body,) = fake.bodies("/v1/jobs")
    assert body == {
        "teacher": {"network": "zoo/vgg19"},
        "constraints": {"latency_ms": 2.5},
        "latency": {"runtime": "pytorch", "threads": 2},
        "search": {"round_to": 16},
    }


@pytest.mark.parametrize("command", ["submit", "estimate"])
@pytest.mark.parametrize(
    ("flags", "objective"),
    [
        (["--objective", "pareto"], {"kind": "pareto"}),
        (
            ["--objective", "pareto", "--cost", "macs", "--cost", "bytes"],
            {"kind": "pareto", "costs": ["macs", "bytes"]},
        ),
        (["--objective", "accuracy"], {"kind": "accuracy"}),
    ],
)
def test_the_objective_has_flags(
    run: Run, fake: FakeServer, command: str, flags: list[str], objective: object
) -> None:
    assert run(command, "--network", "zoo/vgg19", *flags).exit_code == 0
    (body,) = fake.bodies("/v1/jobs" if command == "submit" else "/v1/estimates")
    assert body == {"teacher": {"network": "zoo/vgg19"}, "objective": objective}


@pytest.mark.parametrize(
    ("flags", "objective"),
    [
        (["--objective", "score"], {"kind": "score"}),
        (["--objective", "pareto"], {"kind": "pareto", "costs": ["bytes"]}),
        (["--objective", "score", "--cost", "macs"], {"kind": "score", "costs": ["macs"]}),
        ([], {"kind": "pareto", "costs": ["bytes"]}),
    ],
)
def test_an_objective_of_another_kind_has_not_the_costs_of_the_files(
    run: Run, fake: FakeServer, tmp_path: Path, flags: list[str], objective: object
) -> None:
    path = tmp_path / "request.json"
    path.write_text('{"objective": {"kind": "pareto", "costs": ["bytes"]}}')
    assert run("submit", str(path), *flags).exit_code == 0
    assert fake.bodies("/v1/jobs") == [{"objective": objective}]


def test_a_teacher_is_uploaded_and_told(run: Run, fake: FakeServer, tmp_path: Path) -> None:
    done = run("submit", "--teacher", str(student_folder(tmp_path)), "--dataset", "digits")
    assert done.exit_code == 0
    assert fake.requests[0].url.path == "/v1/teachers"
    assert b'name="preprocessing"' in fake.requests[0].content
    assert fake.bodies("/v1/jobs")[0]["teacher"] == {"id": "tch_1"}
    assert "tch_1 (Little) is ready: 5.37k parameters, 83.4k MACs, 3 channel groups" in done.stderr
    assert "kept as it is: sort: operator 'aten.sort' is not known" in done.stderr
    assert done.stdout.count("\n") == 1  # the job's id alone


def test_weights_of_a_named_network_are_sent_with_its_name(
    run: Run, fake: FakeServer, tmp_path: Path
) -> None:
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"")
    done = run("submit", "--teacher", str(weights), "--network", "zoo/vgg19")
    assert done.exit_code == 0
    assert b'name="network"\r\n\r\nzoo/vgg19' in fake.requests[0].content
    assert fake.bodies("/v1/jobs")[0] == {"teacher": {"id": "tch_1"}}


@pytest.mark.parametrize("in_a_file", [False, True], ids=["typed", "file"])
def test_preprocessing_and_input_shape_are_sent(
    run: Run, fake: FakeServer, tmp_path: Path, in_a_file: bool
) -> None:
    weights, told = tmp_path / "mine.safetensors", tmp_path / "preprocessing.json"
    weights.write_bytes(b"")
    text = '{"scale": 255, "mean": [0.5], "std": [0.25]}'
    told.write_text(text)
    flags = ["--preprocessing", str(told) if in_a_file else text, "--input-shape", "1x64x48"]
    teacher = ["--teacher", str(weights), "--network", "zoo/vgg19"]
    assert run("estimate", *teacher, *flags).exit_code == 0
    assert text.encode() in fake.requests[0].content
    assert b'name="input_shape"\r\n\r\n[1, 64, 48]' in fake.requests[0].content


@pytest.mark.parametrize("command", ["submit", "estimate"])
def test_a_teacher_is_also_the_id_of_an_uploaded_one(
    run: Run, fake: FakeServer, command: str
) -> None:
    uploaded = f"tch_{'a' * 22}"
    assert run(command, "--teacher", uploaded, "--dataset", "digits").exit_code == 0
    (body,) = fake.bodies("/v1/jobs" if command == "submit" else "/v1/estimates")
    assert body["teacher"] == {"id": uploaded}


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--teacher", "tch_x", "--input-shape", "1x8x8"], "are of a --teacher"),
        (["--preprocessing", "{}"], "are of a --teacher"),
        (["--input-shape", "1x8x8"], "are of a --teacher"),
        (["--teacher", "a.onnx", "--input-shape", "8x8"], "such as 3x224x224"),
        (["--teacher", "a.onnx", "--preprocessing", "{"], "is not JSON"),
        (["--teacher", "a.onnx", "--preprocessing", "none.json"], "can't read none.json"),
    ],
)
def test_what_can_not_be_read_is_told(
    run: Run, fake: FakeServer, flags: list[str], says: str
) -> None:
    done = run("submit", *flags)
    assert isinstance(done.exception, BadRequestFile)
    assert says in str(done.exception)
    assert fake.requests == []


def test_a_teacher_that_is_none_is_told(run: Run, fake: FakeServer) -> None:
    done = run("submit", "--teacher", "missing.pt2")
    assert isinstance(done.exception, UnusableTeacher)
    assert fake.requests == []
