from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.search.log import read_runs
from benchmarks.search.resumed import do_rest
from benchmarks.search.runs import Run
from benchmarks.search.schedule import Job, RunError
from tests.benchmarks.search.test_runs import RUN

JOBS = [
    Job(("nas-bench-macro", Path()), RUN.key._replace(seed=seed), 2, "v", "f") for seed in range(3)
]


def _done(job: Job) -> Run:
    if job.key.seed == 2:
        raise RunError(job.key, "it broke")
    return replace(RUN, seed=job.key.seed, version=job.version, fingerprint=job.fingerprint)


def test_only_what_the_log_does_not_have_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    runs, failures = do_rest(JOBS, log, 1, _done)
    assert ([x.seed for x in runs], failures) == ([0, 1], 1)
    assert "failed: random on t, score, seed 2: it broke" in capsys.readouterr().err
    again, failures = do_rest(JOBS[:2], log, 1, _never)
    assert (again, failures) == (runs, 0)
    assert list(read_runs(log)) == [x.key for x in JOBS[:2]]


@pytest.mark.parametrize("change", [{"version": "w"}, {"fingerprint": "g"}, {"evaluations": 3}])
def test_runs_of_other_code_tables_or_settings_are_done_again(
    change: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    do_rest(JOBS[:1], log, 1, _done)
    do_rest([replace(JOBS[0], **change)], log, 1, _done)  # type: ignore[arg-type]
    assert len(log.read_text().splitlines()) == 2
    assert "1 runs of the log are of other code or settings" in capsys.readouterr().err


def _never(job: Job) -> Run:
    raise AssertionError(f"{job.key} was done again")
