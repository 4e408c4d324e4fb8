"""Records of what a coordinator does in passing: uploaded teachers and estimates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.artifacts import StoredFile
from app.records import Json

TeacherState = Literal["checking", "ready", "rejected"]
TeacherKind = Literal["network", "onnx", "architecture"]
EstimateState = Literal["queued", "running", "succeeded", "failed"]


@dataclass(frozen=True)
class NewTeacher:
    """An upload to be put on record and checked; its files are stored already.

    Attributes:
        files: by the name of the form's field.
        input_shape: channels, height and width, where the sender gave them.
        preprocessing: `scale`, `mean` and `std`, where the sender gave them.
    """

    name: str
    kind: TeacherKind
    network: str | None
    files: Mapping[str, StoredFile]
    input_shape: tuple[int, int, int] | None
    preprocessing: Json | None


@dataclass(frozen=True)
class UploadedTeacher:
    """An uploaded teacher: while `checking` it has neither a summary nor an error.

    Attributes:
        summary: `params`, `macs`, `layers`, `classes`, `input_shape`, `groups`, `removals` and
            `frozen` (why, by layer); of a ready teacher.
        error: why it was rejected, a problem.
        architecture_key: artifact of its graph, as JSON; of a ready teacher.
        weights_key: artifact of its float32 weights, as safetensors; of a ready teacher.
    """

    id: str
    name: str
    state: TeacherState
    kind: TeacherKind
    network: str | None
    files: Mapping[str, StoredFile]
    input_shape: tuple[int, int, int] | None
    preprocessing: Json | None
    summary: Json | None
    error: Json | None
    architecture_key: str | None
    weights_key: str | None
    created_at: datetime
    checked_at: datetime | None

    @property
    def file_keys(self) -> dict[str, str]:
        """The artifacts of the uploaded files, by the form's field."""
        return {field: file.key for field, file in self.files.items()}


@dataclass(frozen=True)
class EstimateRecord:
    """An estimate as it is on record; `result` of a succeeded one, `error` of a failed one."""

    id: str
    state: EstimateState
    request: Json
    result: Json | None
    error: Json | None
    created_at: datetime
    finished_at: datetime | None
