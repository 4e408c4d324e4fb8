"""Where a teacher comes from: a module, or one of the files that people have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from stillhouse.exported import read_pt2
from stillhouse.local_teacher import (
    LocalTeacher,
    Preprocessing,
    UnusableTeacher,
    read_preprocessing,
    trace_teacher,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

ARCHITECTURE = "architecture.json"
WEIGHTS = "student.safetensors"
REPORT = "report.json"
_KINDS = (
    "a .pt2 (opened here, on this machine), an .onnx with its weights inside, an architecture.json "
    "beside its .safetensors, a .safetensors of a named network, or a downloaded student's folder"
)


@dataclass(frozen=True)
class TeacherSource:
    """What is sent to `POST /v1/teachers`.

    Attributes:
        name: What to call the teacher.
        files: The files by their fields: `onnx`, `weights`, `architecture`.
        preprocessing: What images go through before the network; None leaves it to the server.
        network: The name of the network that the weights belong to.
        input_shape: Of that network's images: channels, height and width.
        classes: How many it tells apart, where that was seen on this machine.
    """

    name: str
    files: Mapping[str, Path] = field(default_factory=dict)
    preprocessing: Preprocessing | None = None
    network: str | None = None
    input_shape: Sequence[int] | None = None
    classes: int | None = None


@contextmanager
def source_of(
    teacher: nn.Module | Path | str,
    *,
    example: Tensor | None = None,
    preprocessing: Preprocessing | None = None,
    network: str | None = None,
    input_shape: Sequence[int] | None = None,
    say: Callable[[str], None],
) -> Iterator[TeacherSource]:
    """Yields what is to be sent of a teacher; files made for that are gone afterwards.

    Args:
        teacher: A module, or the path of a file or folder.
        example: A batch as the module takes it; a file needs none.
        preprocessing: What images go through before the network; a student's folder tells its own.
        network: The name of the network whose weights a `.safetensors` holds.
        input_shape: Of that network's images; any other teacher says its own.
        say: Takes what was found in a network that was traced or opened here.

    Raises:
        UnusableTeacher: It can't be read or traced, or it isn't clear what it is.
    """
    if input_shape is not None and network is None:
        msg = "an input shape goes with the weights of a named network alone"
        raise UnusableTeacher(msg)
    with ExitStack() as stack:
        if isinstance(teacher, Path | str):
            found = _of_path(Path(teacher), preprocessing, network, say)
        elif example is None:
            msg = "a module needs an example: a batch of images as it takes them"
            raise UnusableTeacher(msg)
        else:
            found = trace_teacher(teacher, example, preprocessing)
        if isinstance(found, LocalTeacher):
            say(found.description())
            folder = stack.enter_context(TemporaryDirectory(prefix="stillhouse-"))
            files = found.write(Path(folder))
            classes = found.architecture.output_shape[0]
            found = TeacherSource(found.name, files, found.preprocessing, classes=classes)
        yield replace(found, input_shape=input_shape)


def _of_path(
    path: Path,
    preprocessing: Preprocessing | None,
    network: str | None,
    say: Callable[[str], None],
) -> TeacherSource | LocalTeacher:
    if path.is_dir():
        return _of_folder(path, preprocessing)
    if not path.is_file():
        msg = f"there is no {path}; a teacher is {_KINDS}"
        raise UnusableTeacher(msg)
    match path.suffix, network:
        case ".pt2", None:
            return read_pt2(path, preprocessing, say)
        case ".onnx", None:
            return TeacherSource(path.stem, {"onnx": path}, preprocessing)
        case ".json", None:
            files = {"architecture": path, "weights": _weights_beside(path)}
            return TeacherSource(path.parent.absolute().name, files, preprocessing)
        case ".safetensors", str():
            return TeacherSource(path.stem, {"weights": path}, preprocessing, network)
        case ".safetensors", None:
            msg = f"whose weights are in {path}? Name its network too, or an architecture.json"
            raise UnusableTeacher(msg)
    msg = f"{path} can't be a teacher{' of a named network' if network else ''}; one is {_KINDS}"
    raise UnusableTeacher(msg)


def _of_folder(folder: Path, preprocessing: Preprocessing | None) -> TeacherSource:
    """Returns a downloaded student as a teacher: what it told of its preprocessing goes along."""
    architecture = folder / ARCHITECTURE
    if not architecture.is_file():
        msg = f"{folder} is no student's folder: it has no {ARCHITECTURE}"
        raise UnusableTeacher(msg)
    if preprocessing is None and (folder / REPORT).is_file():
        preprocessing = read_preprocessing(folder / REPORT)
    files = {"architecture": architecture, "weights": _weights_beside(architecture)}
    return TeacherSource(folder.absolute().name, files, preprocessing)


def _weights_beside(architecture: Path) -> Path:
    known = architecture.parent / WEIGHTS
    found = [known] if known.is_file() else sorted(architecture.parent.glob("*.safetensors"))
    if len(found) != 1:
        msg = f"one .safetensors is wanted beside {architecture}; there are {len(found)}"
        raise UnusableTeacher(msg)
    return found[0]


def form(source: TeacherSource) -> dict[str, Any]:
    """Returns the fields of the upload beside its files, as text."""
    import json

    fields: dict[str, Any] = {"name": source.name}
    if source.network is not None:
        fields["network"] = source.network
    if source.input_shape is not None:
        fields["input_shape"] = json.dumps(list(source.input_shape))
    if source.preprocessing is not None:
        fields["preprocessing"] = json.dumps(dict(source.preprocessing))
    return fields
