"""Sending what jobs name by its id: teachers and datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse.dataset_source import packed
from stillhouse.documents import Document, UploadedTeacher
from stillhouse.errors import TeacherRejected
from stillhouse.polling import wait_for
from stillhouse.teacher_source import TeacherSource, form
from stillhouse.transport import Transport
from stillhouse.zipped_folder import zipped

if TYPE_CHECKING:
    from stillhouse.dataset_source import Arrays


def send_teacher(
    transport: Transport, source: TeacherSource, timeout_s: float, sleep: Callable[[float], None]
) -> UploadedTeacher:
    """Returns a teacher that was uploaded, once it is checked.

    Raises:
        TeacherRejected: The server has checked it, and says what is wrong with it.
        WaitedTooLong: `timeout_s` passed first.
    """
    created = transport.upload_files("/v1/teachers", source.files, form(source))
    path = f"/v1/teachers/{created['id']}"
    found = wait_for(
        lambda: UploadedTeacher.read(transport.get(path)),
        lambda uploaded: uploaded.checked,
        f"the check of {created['id']}",
        timeout_s,
        sleep=sleep,
    )
    if found.state == "rejected":
        raise TeacherRejected(found.id, found.error)
    return found


def send_dataset(transport: Transport, dataset: Path | str | Arrays, name: str | None) -> Document:
    """Returns the dataset made of a file, a folder or arrays; raises as `upload_dataset`."""
    if not isinstance(dataset, Path | str):
        with packed(dataset) as path:
            return send_dataset(transport, path, name)
    path = Path(dataset)
    is_folder = path.is_dir()
    called = path.resolve().name if is_folder else path.stem
    sent_as = f"{called}.zip" if is_folder else path.name
    with zipped(path) if is_folder else path.open("rb") as file:
        content = {"file": (sent_as, file, "application/octet-stream")}
        return transport.upload("/v1/datasets", content, {"name": name or called})
