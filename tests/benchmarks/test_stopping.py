from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks import stopping
from benchmarks.stopping_curves import Recorded, Setting, record
from benchmarks.stopping_policies import POLICIES, replay


def _student(number: int, *curve: float) -> Recorded:
    return Recorded(number, 2.0, curve, float(len(curve)))


GOOD = [_student(n, 0.25 + n / 16, 0.375 + n / 16, 0.5 + n / 16) for n in range(6)]
POOR = _student(6, 0.125, 0.25, 0.375)
BEST = _student(7, 0.625, 0.75, 0.875)


def test_without_a_policy_all_are_trained_to_the_end() -> None:
    found = replay(POLICIES["none"](), [*GOOD, BEST, POOR])
    assert (found.total_s, found.best, found.best_s, found.epochs) == (24.0, 1.75, 21.0, 24)


def test_by_curves_the_hopeless_one_is_stopped_after_its_first_epoch() -> None:
    found = replay(POLICIES["curves"](), [*GOOD, POOR, BEST])
    assert (found.total_s, found.best, found.best_s, found.epochs) == (22.0, 1.75, 22.0, 22)


def test_by_curves_none_of_the_first_is_stopped() -> None:
    assert replay(POLICIES["curves"](), [*GOOD[:4], POOR]).epochs == 15


def test_halving_lets_the_best_third_go_on() -> None:
    order = [GOOD[5], GOOD[4], GOOD[3], GOOD[2], BEST, GOOD[1]]
    found = replay(POLICIES["halving"](), order)
    # After an epoch the first is the best of one, the third the third of three, the fourth of four.
    assert found.epochs == 3 + 1 + 1 + 1 + 3 + 1
    assert found.best == 1.75


def test_who_stops_the_best_is_charged_the_time_of_all() -> None:
    late = _student(8, 0.01, 0.02, 0.99)
    students = [*GOOD, late]
    whole, stopped = (replay(POLICIES[name](), students) for name in ("none", "curves"))
    assert stopped.best < whole.best
    assert stopping.reaching_s(stopped, whole) == whole.total_s
    assert stopping.reaching_s(whole, whole) == whole.best_s


def _log(path: Path, setting: Setting, students: list[Recorded]) -> Path:
    lines = [json.dumps(asdict(setting)), *(json.dumps(asdict(one)) for one in students)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_whole_log_is_replayed_without_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = _log(tmp_path / "log.jsonl", Setting(16, 8, 8, 3, 6), [*GOOD, POOR, BEST])
    shared = ["--cifar", str(tmp_path), "--log", str(log), "--seeds", "4"]
    sizes = ["--images", "16", "--students", "8", "--epochs", "3"]
    assert stopping.main([*shared, *sizes]) == 0
    out = capsys.readouterr().out
    result = json.loads(out.splitlines()[-1].removeprefix("RESULT "))
    assert set(result["policies"]) == set(POLICIES)
    none, curves = result["policies"]["none"], result["policies"]["curves"]
    assert none["total_s"] == [24.0, 0.0]
    assert none["share_of_time"] == none["reached"] == [1.0, 0.0]
    assert curves["total_s"][0] <= 24.0
    assert stopping.main([*shared, "--images", "32"]) == 2  # the log is of another setting


@pytest.mark.slow
def test_what_the_log_does_not_have_is_trained_and_noted(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    images = draws.integers(0, 256, (96, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "train-20k.npz", images=images, labels=np.arange(96) % 10)
    setting = Setting(64, 32, 2, 1, 1)
    log = tmp_path / "log.jsonl"
    first = list(record(tmp_path, setting, log))
    assert [one.number for one in first] == [0, 1]
    assert all(len(one.curve) == 1 and one.cpu_s > 0 and one.worth > 1 for one in first)
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:2]))  # cut
    again = list(record(tmp_path, setting, log))
    assert [(one.number, one.curve, one.worth) for one in again] == [
        (one.number, one.curve, one.worth) for one in first
    ]
    assert list(record(tmp_path, setting, log)) == again
