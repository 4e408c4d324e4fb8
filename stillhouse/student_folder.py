"""A downloaded student, loaded from its folder as a module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stillhouse.local_teacher import UnusableTeacher, read_preprocessing
from stillhouse.teacher_source import ARCHITECTURE, REPORT, WEIGHTS

if TYPE_CHECKING:
    from torch import nn


class LoadedStudent(NamedTuple):
    """A student as PyTorch's module, in eval mode, and how its images are preprocessed.

    `preprocessing` has `scale`, `mean` and `std`: `x = (image / scale - mean) / std`.
    """

    module: nn.Module
    preprocessing: dict[str, Any]


def load_student(folder: Path | str) -> LoadedStudent:
    """Returns the student in a folder that `Job.download` or `stillhouse best --to` filled.

    It is built from `architecture.json` and `student.safetensors`; nothing is unpickled. It can be
    trained on, or become the teacher of another job: `client.upload_teacher(folder)`.

    Raises:
        UnusableTeacher: A file is missing or not what it should be.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    import networks

    folder = Path(folder)
    try:
        text = (folder / ARCHITECTURE).read_text("utf-8")
        architecture = networks.Architecture.from_json(text)
        module = networks.build(architecture, load_file(folder / WEIGHTS)).eval()
    except (OSError, ValueError, SafetensorError, networks.NetworkError) as error:
        msg = f"there is no student to load in {folder}: {error}"
        raise UnusableTeacher(msg) from error
    return LoadedStudent(module, read_preprocessing(folder / REPORT))
