"""Making an estimate: a child process is told the request, and what it names."""

from __future__ import annotations

import logging

from app.estimates import answer_estimate, fail_estimate, get_estimate
from app.requests import JobRequest
from app.teachers import get_teacher
from workers.errand import Errand
from workers.loading import numbers_of
from workers.problems import EstimateFailed, UnusableDataset
from workers.shelf import Shelf

log = logging.getLogger(__name__)

# The child leaves out what it has no time for, to answer within ten seconds; only what it can't do
# without (its imports, the network's graph) can take this long.
MOST_S = 60.0


def make_estimate(errand: Errand) -> None:
    """Answers the estimate, or puts on record why the job could not be carried out.

    Raises:
        ChildFailed: the child process met a limit, or died.
        NotFound, FileNotFoundError: what the request names is gone.
        LeaseLost, Stopping: as `Errand.run`.
    """
    lease = errand.lease
    with errand.database.read() as session:
        request = JobRequest.model_validate(get_estimate(session, lease.id).request)
    try:
        dataset = numbers_of(errand.database, Shelf.of(errand.settings), request.dataset)
    except UnusableDataset as problem:
        fail_estimate(errand.database, lease, problem.problem())
        log.info("%s: failed: %s", lease.id, problem.detail)
        return
    document = {
        "request": request.to_json(),
        "dataset": dataset,
        "teacher": None if request.teacher.id is None else _teacher(errand, request.teacher.id),
    }
    answer = errand.run("workers.estimate", document, MOST_S)
    if "problem" in answer:
        fail_estimate(errand.database, lease, answer["problem"])
    else:
        answer_estimate(errand.database, lease, answer["result"])
    log.info("%s: %s", lease.id, "failed" if "problem" in answer else "succeeded")


def give_up_estimate(errand: Errand, why: str) -> None:
    """Fails the estimate because there is no answer."""
    problem = EstimateFailed(
        f"the estimate was given up: {why}; a job may take longer, and can be submitted without one"
    )
    log.warning("%s: %s", errand.lease.id, problem.detail)
    fail_estimate(errand.database, errand.lease, problem.problem())


def _teacher(errand: Errand, teacher_id: str) -> dict[str, str]:
    """Fetches an uploaded teacher's graph, and returns where it is."""
    with errand.database.read() as session:
        key = get_teacher(session, teacher_id).architecture_key
    path = errand.folder / "architecture.json"
    errand.artifacts.fetch(str(key), path)
    return {"architecture_path": str(path)}
