"""Uploaded teachers and estimates for the tests to work on."""

from app.artifacts import StoredFile
from app.database import Database
from app.errand_records import NewTeacher
from app.estimates import create_estimate
from app.ids import TEACHER, new_id
from app.teachers import create_teacher
from tests.app.samples import REQUEST

FILES = {"onnx": StoredFile("teachers/x/onnx", 7, "sha")}
SUMMARY: dict[str, object] = {"params": 10, "frozen": {}}


def new_teacher(database: Database) -> str:
    teacher_id = new_id(TEACHER)
    with database.write() as session:
        create_teacher(session, teacher_id, sent_teacher())
    return teacher_id


def sent_teacher() -> NewTeacher:
    return NewTeacher("mine", "onnx", None, FILES, (3, 32, 32), {"scale": 255.0})


def new_estimate(database: Database) -> str:
    with database.write() as session:
        return create_estimate(session, REQUEST)
