"""What the API answers about uploaded teachers."""

from datetime import datetime
from typing import Self

from pydantic import Field

from app.bodies import Body
from app.errand_records import TeacherKind, TeacherState, UploadedTeacher
from app.records import Json


class TeacherFileBody(Body):
    """A file as it was uploaded."""

    name: str = Field(description="The form's field.", examples=["onnx"])
    bytes: int
    sha256: str


class TeacherSummaryBody(Body):
    """What the check found."""

    params: int = Field(examples=[272_474])
    macs: int
    layers: int
    classes: int
    input_shape: tuple[int, int, int] = Field(description="Channels, height and width.")
    groups: int = Field(
        description="Groups of channels whose width can be chosen, with a `round_to` of 1."
    )
    removals: int = Field(description="Layers and blocks that can be left out.")


class TeacherDetailBody(TeacherSummaryBody):
    """What the check found, in full."""

    frozen: dict[str, str] = Field(description="Layers that keep their channels, and why.")


class ListedTeacherBody(Body):
    """An uploaded teacher in a list."""

    id: str = Field(examples=["tch_5kL6mN70aB1cD2eF3gH4iJ"])
    name: str
    state: TeacherState
    kind: TeacherKind
    network: str | None
    created_at: datetime
    checked_at: datetime | None
    input_shape: tuple[int, int, int] | None = Field(description="As it was given.")
    preprocessing: Json | None = Field(description="As it was given.")
    summary: TeacherSummaryBody | None = Field(description="Null until it is ready.")
    error: Json | None = Field(description="Why it was rejected: a problem (RFC 9457).")
    files: tuple[TeacherFileBody, ...]

    @classmethod
    def of(cls, teacher: UploadedTeacher) -> Self:
        """Returns the body of an uploaded teacher."""
        fields = {name: getattr(teacher, name) for name in cls.model_fields if name != "files"}
        files = tuple(
            TeacherFileBody(name=name, bytes=file.bytes, sha256=file.sha256)
            for name, file in teacher.files.items()
        )
        return cls.model_validate(fields | {"files": files})


class UploadedTeacherBody(ListedTeacherBody):
    """An uploaded teacher."""

    summary: TeacherDetailBody | None = Field(description="Null until it is ready.")
