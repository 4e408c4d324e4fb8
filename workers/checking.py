"""Checking an uploaded teacher: a child process reads it, and what it makes of it is kept."""

from __future__ import annotations

import logging

from app.errand_records import UploadedTeacher
from app.teachers import accept_teacher, get_teacher, reject_teacher
from workers.errand import Errand
from workers.problems import RejectedTeacher

log = logging.getLogger(__name__)

_WRITTEN = ("architecture", "weights")
# The field of the upload that a check which gave no answer points at.
_MAIN_FIELD = {"network": "weights", "onnx": "onnx", "architecture": "architecture"}


def check_teacher(errand: Errand) -> None:
    """Makes the teacher `ready`, with its graph and weights as artifacts, or `rejected`.

    Raises:
        ChildFailed: the check met a limit, or died.
        FileNotFoundError: an uploaded file is not in the artifact store any more.
        LeaseLost, Stopping: as `Errand.run`.
    """
    lease, teacher = errand.lease, _teacher(errand)
    out = {name: errand.folder / f"checked-{name}" for name in _WRITTEN}
    document = _document(errand, teacher) | {f"{name}_out": str(out[name]) for name in out}
    answer = errand.run("workers.teacher_check", document)
    if "problem" in answer:
        log.info("%s: rejected: %s", teacher.id, answer["problem"]["detail"])
        _reject(errand, teacher, answer["problem"])
        return
    keys = {f"{name}_key": _key(errand, lease.fence, name) for name in out}
    for name, path in out.items():
        errand.artifacts.put(keys[f"{name}_key"], path)
    accept_teacher(errand.database, lease, answer["summary"], **keys)
    _tidy(errand, lease.fence - 1)
    log.info("%s: ready", teacher.id)


def _key(errand: Errand, fence: int, name: str) -> str:
    return f"teachers/{errand.lease.id}/checked-{fence}/{name}"


def _reject(errand: Errand, teacher: UploadedTeacher, problem: dict[str, object]) -> None:
    """Puts on record why the teacher can't be used; its files are of no use any more."""
    reject_teacher(errand.database, errand.lease, problem)
    for key in teacher.file_keys.values():
        errand.artifacts.delete(key)
    _tidy(errand, errand.lease.fence)


def _tidy(errand: Errand, last: int) -> None:
    """Deletes what was stored under the fences up to the last one, and isn't on record."""
    for fence in range(1, last + 1):
        for name in _WRITTEN:
            errand.artifacts.delete(_key(errand, fence, name))


def give_up_check(errand: Errand, why: str) -> None:
    """Rejects the teacher because its check gave no answer."""
    teacher = _teacher(errand)
    field = _MAIN_FIELD[teacher.kind]
    problem = RejectedTeacher.because(field, f"the check of this teacher was given up: {why}")
    log.warning("%s: rejected: %s", errand.lease.id, problem.detail)
    _reject(errand, teacher, problem.problem())


def _teacher(errand: Errand) -> UploadedTeacher:
    with errand.database.read() as session:
        return get_teacher(session, errand.lease.id)


def _document(errand: Errand, teacher: UploadedTeacher) -> dict[str, object]:
    """Fetches the uploaded files, and returns what the child process is told."""
    files = {}
    for field, key in teacher.file_keys.items():
        path = errand.folder / field
        errand.artifacts.fetch(key, path)
        files[field] = str(path)
        errand.check()
    return {
        "kind": teacher.kind,
        "network": teacher.network,
        "input_shape": teacher.input_shape,
        "preprocessing": teacher.preprocessing,
        "files": files,
        "max_file_bytes": errand.settings.max_teacher_bytes,
    }
