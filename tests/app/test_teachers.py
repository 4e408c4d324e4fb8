import pytest

from app.database import Database
from app.errand_leases import claim_errand
from app.errand_records import UploadedTeacher
from app.problems import LeaseLost, NotFound
from app.teachers import accept_teacher, get_teacher, list_teachers, reject_teacher
from tests.app.samples import NEVER_S
from tests.app.samples_teachers import FILES, SUMMARY, new_teacher

ERROR: dict[str, object] = {"title": "X", "status": 422}


def _get(database: Database, teacher_id: str) -> UploadedTeacher:
    with database.read() as session:
        return get_teacher(session, teacher_id)


def test_a_new_teacher_is_to_be_checked(database: Database) -> None:
    teacher = _get(database, new_teacher(database))
    assert (teacher.name, teacher.state, teacher.kind) == ("mine", "checking", "onnx")
    assert (teacher.files, teacher.input_shape) == (FILES, (3, 32, 32))
    assert (teacher.summary, teacher.error, teacher.checked_at) == (None, None, None)
    assert teacher.preprocessing == {"scale": 255.0}


def test_a_check_ends_once(database: Database) -> None:
    teacher_id = new_teacher(database)
    lease = claim_errand(database, "a", NEVER_S)
    assert lease is not None
    accept_teacher(database, lease, SUMMARY, "architecture", "weights")
    ready = _get(database, teacher_id)
    assert (ready.state, ready.summary) == ("ready", SUMMARY)
    assert (ready.architecture_key, ready.weights_key) == ("architecture", "weights")
    assert ready.checked_at is not None
    assert ready.checked_at >= ready.created_at
    with pytest.raises(LeaseLost):
        reject_teacher(database, lease, ERROR)
    assert _get(database, teacher_id) == ready


def test_a_rejected_teacher_says_why(database: Database) -> None:
    teacher_id = new_teacher(database)
    lease = claim_errand(database, "a", NEVER_S)
    assert lease is not None
    reject_teacher(database, lease, ERROR)
    teacher = _get(database, teacher_id)
    assert (teacher.state, teacher.error, teacher.summary) == ("rejected", ERROR, None)
    assert teacher.checked_at is not None


def test_pages_show_the_newest_first(database: Database) -> None:
    teachers = {new_teacher(database) for _ in range(3)}
    with database.read() as session:
        first = list_teachers(session, 2, None)
        second = list_teachers(session, 2, first.next)
    shown = [teacher.id for teacher in (*first.items, *second.items)]
    assert set(shown) == teachers
    assert len(shown) == 3
    assert second.next is None


@pytest.mark.parametrize("teacher_id", ["tch_" + "a" * 22, "tch_1", "job_" + "a" * 22, "x\x00"])
def test_an_unknown_teacher_is_not_found(database: Database, teacher_id: str) -> None:
    with pytest.raises(NotFound, match="there is no teacher"):
        _get(database, teacher_id)
