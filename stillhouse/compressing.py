"""A network in, a student out: what `Client.compress` does, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from stillhouse.dataset_source import name_or_path, packed
from stillhouse.documents import UploadedTeacher
from stillhouse.errors import Unreachable
from stillhouse.placing import placed
from stillhouse.teacher_source import TeacherSource, source_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from stillhouse.client import Client, TeacherFrom
    from stillhouse.dataset_source import DatasetFrom
    from stillhouse.job import Job
    from stillhouse.local_teacher import Preprocessing

_NETWORKS = ("zoo/", "torchvision/", "timm/")


class Fields(TypedDict, total=False):
    """What else a request may say: the fields of `POST /v1/jobs` beside those that are named."""

    name: str
    objective: Mapping[str, Any]
    latency: Mapping[str, Any]
    resources: Mapping[str, Any]
    search: Mapping[str, Any]
    training: Mapping[str, Any]


def expect_fields(fields: Mapping[str, Any]) -> None:
    """Raises TypeError for a keyword that is no field, before anything is traced or sent."""
    if unknown := set(fields) - set(Fields.__annotations__):
        names = ", ".join(sorted(Fields.__annotations__))
        msg = f"compress takes no {', '.join(sorted(unknown))}; beside its own arguments: {names}"
        raise TypeError(msg)


def teacher_named(model: nn.Module | Path | str | UploadedTeacher) -> dict[str, str] | None:
    """Returns how a request names a teacher that need not be uploaded; None where it must be."""
    if isinstance(model, UploadedTeacher):
        return {"id": model.id}
    if isinstance(model, str) and model.startswith("tch_"):
        return {"id": model}
    if isinstance(model, str) and model.startswith(_NETWORKS) and not Path(model).exists():
        return {"network": model}
    return None


@contextmanager
def left_running(job: Job, say: Callable[[str], None]) -> Iterator[None]:
    """Says how to come back to a job when its user goes, or its server; nothing is cancelled."""
    try:
        yield
    except (KeyboardInterrupt, asyncio.CancelledError, Unreachable):
        say(
            f'{job.id} goes on without you. client.job("{job.id}") finds it again: '
            ".wait() waits for it, .best() is its student, .cancel() ends it"
        )
        raise


def begin(
    client: Client,
    model: TeacherFrom,
    example: Tensor | None,
    dataset: DatasetFrom,
    preprocessing: Preprocessing | None,
    request: Mapping[str, Any],
    show: Callable[[str], None],
) -> Job:
    """Returns the job of a network and a data set, once both are where the server has them.

    Arrays are looked at first, a module is traced before images are sent, and both have to have as
    many classes: what is wrong on this machine is told before anything has been waited for.
    """
    with ExitStack() as stack:
        images = _found(dataset, stack)
        named: TeacherSource | Mapping[str, Any] | None = teacher_named(model)
        if named is None:
            assert not isinstance(model, UploadedTeacher)
            source = source_of(model, example=example, preprocessing=preprocessing, say=show)
            named = stack.enter_context(source)
        return client.submit({**placed(client, named, images, show), **request})


def _found(dataset: DatasetFrom, stack: ExitStack) -> dict[str, str] | Path:
    if isinstance(dataset, str | Path):
        return name_or_path(dataset)
    return stack.enter_context(packed(dataset))
