"""Teacher and images where the server has them, and what to call the job of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse.classes import classes_of, expect_same_classes
from stillhouse.dataset_source import described
from stillhouse.documents import Document, UploadedTeacher
from stillhouse.errors import Refused
from stillhouse.ids import UnknownKind
from stillhouse.teacher_source import TeacherSource

if TYPE_CHECKING:
    from stillhouse.client import Client

Named = Mapping[str, Any]
"""How a request names what the server has: by `network`, `name` or `id`."""

_LONGEST_NAME = 200  # of a job


def placed(
    client: Client,
    teacher: TeacherSource | Named | None,
    images: Path | Named | None,
    say: Callable[[str], None],
    ready: Callable[[UploadedTeacher], None] = lambda _: None,
) -> dict[str, Any]:
    """Returns a request's `teacher` and `dataset`, and a `name` made of theirs.

    What is on this machine is uploaded, once it is sure that teacher and images have the same
    number of classes, as far as that can be told.

    Args:
        client: Where it is uploaded.
        teacher: What to send, or what a request names; None where a request has none.
        images: Likewise.
        say: Takes what was found in images that were uploaded.
        ready: Takes the teacher that was uploaded.

    Raises:
        UnusableDataset: The images have another number of classes than the teacher.
    """
    teacher_on_record, images_on_record = _known(client, teacher), _known(client, images)
    if isinstance(teacher, TeacherSource) or isinstance(images, Path):
        expect_same_classes(
            _teacher_classes(teacher, teacher_on_record), _images_classes(images, images_on_record)
        )
    found: dict[str, Any] = {}
    names = [_name(teacher, teacher_on_record), _name(images, images_on_record)]
    if isinstance(images, Path):
        taken = client.upload_dataset(images)
        say(described(taken))
        images = {"id": str(taken["id"])}
    if isinstance(teacher, TeacherSource):
        uploaded = client.upload_source(teacher)
        ready(uploaded)
        teacher = {"id": uploaded.id}
    found |= {"teacher": teacher} if teacher is not None else {}
    found |= {"dataset": images} if images is not None else {}
    if all(names):
        told = "".join(filter(str.isprintable, " on ".join(names)))
        found["name"] = told[:_LONGEST_NAME]
    return found


def _known(client: Client, part: TeacherSource | Path | Named | None) -> Document:
    """Returns what the server has on record of an upload; nothing of anything else."""
    if part is None or isinstance(part, TeacherSource | Path) or not part.get("id"):
        return {}
    try:
        return client.on_record(str(part["id"]))
    except (Refused, UnknownKind):
        return {}  # said again, and by its field, when the request is sent


def _teacher_classes(teacher: TeacherSource | Named | None, known: Document) -> int | None:
    if isinstance(teacher, TeacherSource):
        return teacher.classes
    classes = (known.get("summary") or {}).get("classes")
    return classes if isinstance(classes, int) else None


def _images_classes(images: Path | Named | None, known: Document) -> int | None:
    if isinstance(images, Path):
        return classes_of(images)
    counts = known.get("class_counts")
    return len(counts) if isinstance(counts, list) else None


def _name(part: TeacherSource | Path | Named | None, known: Document) -> str:
    if isinstance(part, TeacherSource):
        return part.name
    if isinstance(part, Path):
        return part.resolve().name if part.is_dir() else part.stem
    named = part or {}
    told = (known.get("name"), *(named.get(field) for field in ("network", "name", "id")))
    return str(next(filter(None, told), ""))
