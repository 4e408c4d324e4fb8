"""Taking an uploaded teacher: stored whole, put on record, and left to a coordinator to check.

Nothing here parses a file: a hostile one meets a child process of a worker alone.
"""

from app.artifacts import Artifacts, StoredFile
from app.database import Also, Database, nothing_else
from app.errand_records import NewTeacher, UploadedTeacher
from app.ids import TEACHER, new_id
from app.problems import NotFound
from app.teacher_form import read_form
from app.teachers import create_teacher, get_teacher
from app.upload import Upload
from app.upload_name import name_of


def take_teacher(
    database: Database,
    artifacts: Artifacts,
    upload: Upload,
    also: Also[UploadedTeacher] = nothing_else,
) -> UploadedTeacher:
    """Stores an upload, and returns the teacher that is to be checked.

    What else is done in the transaction that puts it on record is `also`.

    Raises:
        Invalid: the form's fields don't go together, or one is not what it should be.

    Nothing is stored then, nor when the row is not on record for another reason.
    """
    form = read_form(upload)
    main = upload.files.get("onnx") or upload.files["weights"]
    suffix = ".onnx" if form.kind == "onnx" else ".safetensors"
    name = name_of(upload, main.filename, suffix) or form.network or "teacher"
    teacher_id = new_id(TEACHER)
    stored: dict[str, StoredFile] = {}
    try:
        for field, sent in sorted(upload.files.items()):
            stored[field] = artifacts.put_file(f"teachers/{teacher_id}/{field}", sent.file)
        new = NewTeacher(
            name, form.kind, form.network, stored, form.input_shape, form.preprocessing
        )
        with database.write() as session:
            create_teacher(session, teacher_id, new)
            session.flush()
            teacher = get_teacher(session, teacher_id)
            also(session, teacher)
            return teacher
    except BaseException:
        # A commit may have been carried out although its acknowledgement was lost.
        if not _is_on_record(database, teacher_id):
            for file in stored.values():
                artifacts.delete(file.key)
        raise


def _is_on_record(database: Database, teacher_id: str) -> bool:
    with database.read() as session:
        try:
            get_teacher(session, teacher_id)
        except NotFound:
            return False
    return True
