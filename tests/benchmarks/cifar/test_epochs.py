from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.requests import JobRequest
from benchmarks.cifar import epochs as module
from benchmarks.cifar.epochs import Pace, fitting_epochs, pace_of, seconds_a_view
from benchmarks.cifar.requests import Limits, request
from benchmarks.cifar.runs import Key
from benchmarks.cifar.subject import make_subject
from tests.benchmarks.cifar.samples import final, run
from tests.benchmarks.inherit.samples import write_cifar, write_teacher
from workers.precision import Precision


def test_a_pace_is_what_the_embedding_search_tells() -> None:
    # Prepared in 20 s with four views, trials of 8, 9 and 10 s, final training of 20 s, then 20 s.
    search = run(0, "embedding", [0.5, 0.6, 0.7], final=final(trial=2))
    pace = pace_of(search, 2.0, [])
    assert pace == Pace(base_s=12.0 + 8.0 + 20.0, epoch_s=5.0 * 8 / 10, view_s=2.0)
    assert pace.job_s(10, 5) == 40 + 10 * 4 + 5 * 2


def test_a_pace_learns_from_what_jobs_really_took() -> None:
    search = run(0, "embedding", [0.5], final=final(trial=0))
    earlier = [
        run(seed, "adapruner", [0.5], planned_s=100.0, wall_s=wall_s)
        for seed, wall_s in enumerate((110.0, 130.0))
    ]
    slow = pace_of(search, 2.0, earlier)
    assert slow.slowness == pytest.approx(1.2)
    assert slow.job_s(3, 1) == pytest.approx(1.2 * pace_of(search, 2.0, []).job_s(3, 1))


def test_the_epochs_come_nearest_to_the_time() -> None:
    def request_of(epochs: int) -> JobRequest:
        made = request(Key(0, "adapruner"), Limits(60, 1, 3), "t", "d", epochs)
        return JobRequest.model_validate(made)

    # Of n epochs, and one of the search, half are views: 40 + 8 n + 4 ((n + 1) // 2).
    pace = Pace(40.0, 8.0, 4.0)
    assert fitting_epochs(pace, 160.0, request_of, 100) == (12, 160.0)
    assert fitting_epochs(pace, 157.0, request_of, 100) == (12, 160.0)
    assert fitting_epochs(pace, 154.0, request_of, 100) == (11, 152.0)
    assert fitting_epochs(pace, 0.0, request_of, 100)[0] == 1
    slow = Pace(40.0, 8.0, 4.0, slowness=2.0)
    assert fitting_epochs(slow, 320.0, request_of, 100) == (12, 160.0)


def test_logits_of_a_part_tell_the_time_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar(tmp_path)
    write_teacher(tmp_path / "teacher")
    subject = make_subject(tmp_path, tmp_path, tmp_path / "teacher", (0, 1))
    monkeypatch.setattr(module, "TIMED_IMAGES", 44)  # of 108 that are trained on
    clock = iter((10.0, 10.5))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert seconds_a_view(subject, Precision()) == pytest.approx(0.5 * 110 / 44)
