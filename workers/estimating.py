"""Making an estimate: a child process is told the request, and what it names."""

from __future__ import annotations

import logging

from app.database import Database
from app.datasets import get_dataset
from app.estimates import answer_estimate, fail_estimate, get_estimate
from app.requests import DatasetRequest, JobRequest
from app.teachers import get_teacher
from workers.data import IMAGE_SCALE, load_digits
from workers.errand import Errand
from workers.problems import EstimateFailed

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
    document = {
        "request": request.to_json(),
        "dataset": _dataset(errand.database, request.dataset),
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


def _dataset(database: Database, request: DatasetRequest) -> dict[str, object]:
    """Returns the dataset's numbers: `n`, `test_n`, `shape`, `classes`, `scale`."""
    if request.id is None:
        digits = load_digits()
        channels, height, width = digits.images.shape[1:]
        return {
            "n": len(digits.labels),
            "test_n": digits.given_test,
            "shape": [height, width, channels],
            "classes": len(digits.classes),
            "scale": digits.scale,
        }
    with database.read() as session:
        summary = get_dataset(session, request.id).summary
    wanted = {name: summary[name] for name in ("n", "test_n", "shape")}
    classes = summary["classes"]
    assert isinstance(classes, list)
    return wanted | {"classes": len(classes), "scale": IMAGE_SCALE}


def _teacher(errand: Errand, teacher_id: str) -> dict[str, str]:
    """Fetches an uploaded teacher's graph, and returns where it is."""
    with errand.database.read() as session:
        key = get_teacher(session, teacher_id).architecture_key
    path = errand.folder / "architecture.json"
    errand.artifacts.fetch(str(key), path)
    return {"architecture_path": str(path)}
