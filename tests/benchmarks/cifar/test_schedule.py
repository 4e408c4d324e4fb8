from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.cifar import schedule
from benchmarks.cifar.requests import Limits
from benchmarks.cifar.runs import METHODS, Ended, Key
from benchmarks.cifar.schedule import Plan, missing
from benchmarks.cifar.served_job import Done, Watched
from benchmarks.cifar.subject import Subject
from stillhouse.errors import JobFailed
from tests.benchmarks.cifar.samples import PRECISION, SINCE, final, run
from workers.data import IMAGE_SCALE, Labelled, TrainingData
from workers.preprocessing import Preprocessing

LIMITS = Limits(100.0, 1, 4)
Request = dict[str, Any]


def _plan() -> Plan:
    images = np.zeros((100, 3, 32, 32), np.uint8)
    train = Labelled(images, np.zeros(100, np.int64))
    data = TrainingData(train, train, Preprocessing.of(images, IMAGE_SCALE, (32, 32)))
    return Plan(Subject(Path("a"), "c0", Path("t"), "{}", data), LIMITS, "s")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Takes the requests of jobs that then succeed; those of seed 7 fail."""
    found: list[Request] = []

    def carry_out(_: Subject, request_of: Callable[[str, str], Request]) -> Done:
        request = request_of("tch_1", "dst_1")
        found.append(request)
        if request["search"]["seed"] == 7:
            raise JobFailed("job_1", "failed", None)
        trial = Ended(0, "completed", 30.0, 0.5, 50_000, 8.0)
        told = {"accuracy": 0.75, "test_accuracy": 0.72}
        report = {"teacher": told, "training": {"precision": PRECISION}}
        return Done(Watched(SINCE, {0: trial}, 160.0), 12.0, report, final())

    monkeypatch.setattr(schedule, "carry_out", carry_out)
    monkeypatch.setattr(schedule, "seconds_a_view", lambda *_: 2.0)
    return found


def test_each_seed_ends_with_adapruner_in_the_searches_time(asked: list[Request]) -> None:
    found = list(missing(_plan(), 2, {}))
    assert [one.key for one in found] == [Key(n, method) for n in range(2) for method in METHODS]
    assert [x["search"]["strategy"] for x in asked] == [*METHODS, *METHODS]
    searches = [one for one in found if one.method != "adapruner"]
    assert {one.final_epochs for one in searches} == {LIMITS.final_epochs}
    assert {one.planned_s for one in searches} == {None}
    # 12 + 8 + 20 s, then 5 s an epoch, and 2 s for each of half as many views.
    adapruner = found[2]
    assert (adapruner.final_epochs, adapruner.planned_s) == (20, 160.0)
    assert asked[2]["training"]["final_epochs"] == 20
    assert found[0].setting == "s"
    assert found[0].wall_s == 160.0
    assert found[0].search_s == 100.0
    assert found[0].teacher == {"validation": 0.75, "test": 0.72, "precision": PRECISION}


def test_what_is_known_is_not_done_again(asked: list[Request]) -> None:
    known = {Key(0, method): run(0, method, [0.5]) for method in ("embedding", "adapruner")}
    assert [one.key for one in missing(_plan(), 1, known)] == [Key(0, "random")]
    assert len(asked) == 1


def test_a_job_that_fails_does_not_end_the_others(
    asked: list[Request], capsys: pytest.CaptureFixture[str]
) -> None:
    known = {Key(n, method): run(n, method, [0.5]) for n in range(7) for method in METHODS}
    assert [one.seed for one in missing(_plan(), 9, known)] == [8, 8, 8]
    assert [x["search"]["strategy"] for x in asked[:2]] == ["embedding", "random"]
    said = capsys.readouterr().err
    assert "embedding, seed 7: " in said
    assert "adapruner, seed 7: without both searches" in said
