from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from benchmarks.cifar import __main__ as command
from benchmarks.cifar.runs import METHODS, Key, Run
from benchmarks.cifar.schedule import Plan
from tests.benchmarks.cifar.samples import run
from tests.benchmarks.inherit.samples import write_cifar, write_teacher


@pytest.fixture
def failing() -> set[Key]:
    """The jobs that fail."""
    return set()


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, failing: set[Key]) -> list[Key]:
    """Notes what is done, without doing it."""
    found: list[Key] = []

    def missing(plan: Plan, seeds: int, known: Mapping[Key, Run]) -> Iterator[Run]:
        assert plan.limits.search_s == 30.0
        wanted = {Key(seed, method) for seed in range(seeds) for method in METHODS}
        for key in sorted(wanted - set(known) - failing):
            found.append(key)
            yield run(*key, [0.5, 0.7], setting=plan.setting)

    monkeypatch.setattr(command, "missing", missing)
    return found


def test_a_cut_benchmark_goes_on_and_ends_with_its_result(
    tmp_path: Path, done: list[Key], failing: set[Key], capsys: pytest.CaptureFixture[str]
) -> None:
    write_cifar(tmp_path)
    write_teacher(tmp_path / "teacher")
    arguments = ["--cifar", str(tmp_path), "--teacher", str(tmp_path / "teacher")]
    arguments += ["--log", str(tmp_path / "log.jsonl"), "--plot", str(tmp_path / "plot.svg")]
    arguments += ["--images", "100", "--seeds", "2", "--minutes", "0.5"]
    failing.add(Key(1, "random"))
    assert command.main(arguments) == 1
    failing.clear()
    assert len(done) == 5
    assert command.main(arguments) == 0
    assert done[5:] == [Key(1, "random")]
    assert command.main(arguments) == 0
    assert len(done) == 6
    last = capsys.readouterr().out.splitlines()[-1]
    result = json.loads(last.removeprefix("RESULT "))
    assert result["benchmark"] == "cifar"
    assert result["aim"]["of"] == 2
    assert result["aim"]["share"]["mean"] == 0.2
    assert set(result["methods"]) == set(METHODS)
    assert set(result["versions"]) == {"torch", "ray", "botorch", "numpy", "python"}
    assert result["hardware"]["cores"]
    assert (tmp_path / "plot.svg").exists()


def test_other_limits_are_another_comparison(tmp_path: Path, done: list[Key]) -> None:
    write_cifar(tmp_path)
    write_teacher(tmp_path / "teacher")
    arguments = ["--cifar", str(tmp_path), "--teacher", str(tmp_path / "teacher")]
    arguments += ["--log", str(tmp_path / "log.jsonl"), "--seeds", "1", "--minutes", "0.5"]
    arguments += ["--images", "100"]
    assert command.main(arguments) == 0
    assert command.main([*arguments, "--final-epochs", "9"]) == 0
    assert len(done) == 6


def test_a_folder_without_images_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--cifar", str(tmp_path)]) == 2
    assert "train-20k.npz" in capsys.readouterr().err
