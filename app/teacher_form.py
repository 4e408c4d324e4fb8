"""The form of an uploaded teacher: which fields go together, and what the short ones hold.

The files' contents are not looked at: a worker checks them (`workers.errands`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from app.catalog import NETWORK_NAMES, unknown_network
from app.errand_records import TeacherKind
from app.field_errors import field_errors, pointer
from app.problems import FieldError, Invalid
from app.records import Json
from app.upload import Form, Upload

FORM = Form(
    files=frozenset({"weights", "onnx", "architecture"}),
    texts=frozenset({"network", "name", "input_shape", "preprocessing"}),
)
# Each door by the fields that open it.
_DOORS: Mapping[frozenset[str], TeacherKind] = {
    frozenset({"network", "weights"}): "network",
    frozenset({"onnx"}): "onnx",
    frozenset({"architecture", "weights"}): "architecture",
}
_DOOR_FIELDS = frozenset[str]().union(*_DOORS)
T = TypeVar("T")
_LARGEST_SIDE = 4096  # pixels, and channels
_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Side = Annotated[int, Field(ge=1, le=_LARGEST_SIDE)]


class TeacherPreprocessing(BaseModel):
    """What the teacher was trained with: `(image / scale - mean) / std`, one value a channel."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    scale: _Positive = 255.0
    mean: list[_Finite] = Field(min_length=1, max_length=_LARGEST_SIDE)
    std: list[_Positive] = Field(min_length=1, max_length=_LARGEST_SIDE)

    @model_validator(mode="after")
    def _one_value_a_channel(self) -> Self:
        if len(self.mean) != len(self.std):
            raise PydanticCustomError("lengths", "give as many values of `mean` as of `std`")
        return self


_SHAPE: TypeAdapter[tuple[int, int, int]] = TypeAdapter(
    tuple[_Side, _Side, _Side], config=ConfigDict(strict=True)
)
_PREPROCESSING = TypeAdapter(TeacherPreprocessing)


@dataclass(frozen=True)
class TeacherForm:
    """What the fields beside the files say."""

    kind: TeacherKind
    network: str | None
    input_shape: tuple[int, int, int] | None
    preprocessing: Json | None


def read_form(upload: Upload) -> TeacherForm:
    """Returns what the fields say.

    Raises:
        Invalid: they don't go together, or one is not what it should be; names it.
    """
    kind = _kind(upload)
    network = upload.fields.get("network")
    if network is not None and network not in NETWORK_NAMES:
        raise _invalid("network", unknown_network(network))
    for name, sent in upload.files.items():
        if not sent.file.read(1):
            raise _invalid(name, "this file is empty")
        sent.file.seek(0)
    shape = _parsed(upload, "input_shape", _SHAPE)
    if shape is not None and kind != "network":
        raise _invalid("input_shape", "this goes with `network` alone: your file says its own")
    preprocessing = _parsed(upload, "preprocessing", _PREPROCESSING)
    return TeacherForm(
        kind,
        network,
        shape,
        None if preprocessing is None else preprocessing.model_dump(mode="json"),
    )


def _kind(upload: Upload) -> TeacherKind:
    given = (upload.files.keys() | upload.fields.keys()) & _DOOR_FIELDS
    kind = _DOORS.get(frozenset(given))
    if kind is None:
        detail = (
            "a teacher is `network` and `weights` (safetensors), or `onnx` alone, or `architecture`"
            f" (JSON) and `weights`; this form has {_listed(given)}"
        )
        raise Invalid(detail, [FieldError(pointer(name), detail) for name in sorted(given)])
    return kind


def _listed(names: set[str]) -> str:
    return " and ".join(f"`{name}`" for name in sorted(names)) or "none of them"


def _parsed(upload: Upload, name: str, model: TypeAdapter[T]) -> T | None:
    """Returns what a field's JSON holds; None if the field is not there."""
    text = upload.fields.get(name)
    if text is None:
        return None
    try:
        return model.validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        placed = [one | {"loc": (name, *one["loc"])} for one in found]
        raise Invalid(f"`{name}` is not what it should be", field_errors(placed)) from error


def _invalid(name: str, detail: str) -> Invalid:
    return Invalid(detail, [FieldError(pointer(name), detail)])
