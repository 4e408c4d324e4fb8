"""The guard against a job that kills whoever takes it: it must get on between many claims."""

from __future__ import annotations

import json

from app.jobs import get_job
from app.students import list_students
from app.trials import list_trials
from workers.checkpoints import epochs_kept
from workers.problems import NoProgress
from workers.work import Work

MOST_CLAIMS = 20  # without anything achieved in between


def expect_progress(work: Work) -> None:
    """Notes with which claim the job's newest progress was seen first.

    The note is an artifact of the job: `fence`, and what had been achieved.

    Raises:
        NoProgress: the job was claimed more than `MOST_CLAIMS` times since.
    """
    key, achieved = work.key("progress.json"), _achieved(work)
    if work.artifacts.exists(key):
        seen = json.loads(work.artifacts.read_bytes(key))
        if achieved <= seen["achieved"]:
            _expect_few(work.lease.fence - seen["fence"])
            return
    note = {"fence": work.lease.fence, "achieved": achieved}
    work.artifacts.put_bytes(key, json.dumps(note).encode())


def _expect_few(claims: int) -> None:
    if claims > MOST_CLAIMS:
        raise NoProgress(
            f"{claims} coordinators in a row took the job and ended, were stopped or were killed"
            " before anything of it was done; their logs and the machine's memory may say why"
        )


def _achieved(work: Work) -> list[int]:
    """Returns what only grows while a job gets on (its state begins anew with each claim).

    The last number, of the epochs that trainings under way have kept, grows until one before it
    does: lists are compared from their first values on.
    """
    with work.database.read() as session:
        job = get_job(session, work.job.id)
        trials = list_trials(session, work.job.id)
        students = len(list_students(session, work.job.id))
    ended = sum(trial.state in ("completed", "stopped", "failed") for trial in trials)
    store = work.artifacts
    finals = len(store.keys(work.key("finals")))
    epochs = sum(epochs_kept(store, key) for key in store.keys(work.key("checkpoints")))
    return [int(job.teacher is not None), ended, students, finals, epochs]
