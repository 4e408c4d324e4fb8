"""Taking an uploaded dataset: checked in a child process, stored whole, and only then on record."""

import json
import logging
import os
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import BinaryIO

from app.artifacts import Artifacts
from app.database import Database
from app.datasets import create_dataset, get_dataset
from app.field_errors import pointer
from app.ids import DATASET, new_id
from app.problems import FieldError, Invalid, NotFound
from app.records import DatasetRecord, Json, NewDataset
from app.upload import Upload
from app.upload_name import name_of

_log = logging.getLogger(__name__)

CHECK_TIMEOUT_S = 300.0


def take_dataset(
    database: Database, artifacts: Artifacts, upload: Upload, max_unpacked_bytes: int
) -> DatasetRecord:
    """Checks and stores an upload, and returns the dataset that it has become.

    Raises:
        Invalid: it is not a dataset; says which array is wrong.

    Nothing is stored then, nor when the row is not on record for another reason.
    """
    sent = upload.files.get("file")
    if sent is None:
        detail = "the archive is needed, as the form's field `file`"
        raise Invalid(detail, [FieldError(pointer("file"), detail)])
    name = name_of(upload, sent.filename, ".npz") or "dataset"
    summary = check_dataset(sent.file, max_unpacked_bytes)
    sent.file.seek(0)
    dataset_id = new_id(DATASET)
    stored = artifacts.put_file(f"datasets/{dataset_id}.npz", sent.file)
    dataset = NewDataset(name, stored.key, stored.sha256, stored.bytes, summary)
    try:
        with database.write() as session:
            create_dataset(session, dataset_id, dataset)
            session.flush()
            return get_dataset(session, dataset_id)
    except BaseException:
        # A commit may have been carried out although its acknowledgement was lost.
        if not _is_on_record(database, dataset_id):
            artifacts.delete(stored.key)
        raise


def _is_on_record(database: Database, dataset_id: str) -> bool:
    with database.read() as session:
        try:
            get_dataset(session, dataset_id)
        except NotFound:
            return False
    return True


def check_dataset(
    file: BinaryIO, max_unpacked_bytes: int, timeout_s: float = CHECK_TIMEOUT_S
) -> Json:
    """Returns the summary that a child process makes of the file (`app.dataset_check`).

    Raises:
        Invalid: it is not a dataset, or takes too long or too much memory to check.
    """
    with as_file(files("app") / "dataset_check.py") as program:
        answer = _run(program, file, max_unpacked_bytes, timeout_s)
    summary = answer.get("summary")
    if isinstance(summary, dict):
        return summary
    raise _refused(str(answer["field"]), str(answer["detail"]))


def _run(program: Path, file: BinaryIO, max_unpacked_bytes: int, timeout_s: float) -> Json:
    # Isolated (-I): nothing of the caller's folder or environment is imported.
    command = [sys.executable, "-I", str(program), str(max_unpacked_bytes)]
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            stdin=file,
            capture_output=True,
            timeout=timeout_s,
            env=os.environ | one_thread,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise _refused("", "it takes too long to check") from error
    except subprocess.CalledProcessError as error:
        _log.warning("a dataset's check died: %s", error.stderr.decode(errors="replace")[-2000:])
        raise _refused("", "it takes too much memory or time to check") from error
    answer: Json = json.loads(done.stdout)
    return answer


def _refused(field: str, detail: str) -> Invalid:
    where = pointer("file", field) if field else pointer("file")
    subject = f"`{field}` of the upload" if field else "the upload"
    return Invalid(f"{subject} is no dataset: {detail}", [FieldError(where, detail)])
