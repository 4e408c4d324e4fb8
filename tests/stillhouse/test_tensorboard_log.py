from __future__ import annotations

from pathlib import Path

import pytest

from stillhouse.documents import JobStatus, Trial
from tests.stillhouse.fake_server import JOB_ID, job_document, trial_document

pytest.importorskip("tensorboard")

JOB = JobStatus.read(job_document())
TRIALS = [
    Trial.read(trial_document(number, score=score, curve=[0.5, 0.9]))
    for number, score in enumerate((0.9, 0.8, 0.95))
]


def written(folder: Path, trials: list[Trial]) -> None:
    from stillhouse.tensorboard_log import TensorBoardLog

    log = TensorBoardLog(folder)
    for trial in trials:
        log.write(JOB, trial)
    log.close()


def scalars(place: Path, name: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(place))
    found.Reload()
    return [(event.step, round(event.value, 4)) for event in found.Scalars(name)]


def test_a_trial_is_a_run_and_a_point_of_the_search(tmp_path: Path) -> None:
    written(tmp_path, TRIALS)
    assert scalars(tmp_path / JOB_ID / "trial-00001", "trial/accuracy") == [(1, 0.5), (2, 0.9)]
    assert scalars(tmp_path / JOB_ID / "trial-00001", "trial/score") == [(0, 0.8)]
    best = scalars(tmp_path / JOB_ID / "search", "search/best score")
    assert best == [(0, 0.9), (1, 0.9), (2, 0.95)]


def test_following_again_adds_what_is_missing(tmp_path: Path) -> None:
    written(tmp_path, TRIALS[:1])
    before = sorted((tmp_path / JOB_ID / "trial-00000").iterdir())
    written(tmp_path, TRIALS)
    assert sorted((tmp_path / JOB_ID / "trial-00000").iterdir()) == before
    assert scalars(tmp_path / JOB_ID / "search", "search/score") == [(0, 0.9), (1, 0.8), (2, 0.95)]
    places = {path.name for path in (tmp_path / JOB_ID).iterdir()}
    assert places == {"search", "trial-00000", "trial-00001", "trial-00002"}


def test_a_failed_trial_is_a_run_without_a_score(tmp_path: Path) -> None:
    written(tmp_path, [Trial.read(trial_document(3, state="failed", score=None, accuracy=None))])
    assert [path.name for path in (tmp_path / JOB_ID).iterdir()] == ["trial-00003"]
