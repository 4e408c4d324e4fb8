"""Taking an uploaded dataset: checked in a child process, stored whole, and only then on record."""

import base64
import errno
import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.artifacts import Artifacts
from app.database import Also, Database, nothing_else
from app.dataset_limits import BROKEN_DISK
from app.datasets import create_dataset, get_dataset
from app.field_errors import pointer
from app.ids import DATASET, new_id
from app.problems import FieldError, Invalid, NotFound
from app.records import SAMPLES, DatasetRecord, Json, NewDataset
from app.upload import Upload
from app.upload_name import name_of

_log = logging.getLogger(__name__)

CHECK_TIMEOUT_S = 300.0
SUFFIXES = (".npz", ".zip")
CHECK = "app.dataset_check"
_CODE = Path(__file__).parents[1]
# All of the environment that the child gets: no secret of the settings is in it.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Found:
    """What a check found: the summary, and a PNG of some images where they could be had."""

    summary: Json
    samples: bytes | None


def take_dataset(
    database: Database,
    artifacts: Artifacts,
    upload: Upload,
    max_unpacked_bytes: int,
    also: Also[DatasetRecord] = nothing_else,
) -> DatasetRecord:
    """Checks and stores an upload, and returns the dataset that it has become.

    An `.npz` is stored as it came, image files as the `.npz` that was made of them. What else is
    done in the transaction that puts it on record is `also`.

    Raises:
        Invalid: it is not a dataset; says which array or image is wrong.

    Nothing is stored then, nor when the row is not on record for another reason.
    """
    sent = upload.files.get("file")
    if sent is None:
        detail = "the archive is needed, as the form's field `file`"
        raise Invalid(detail, [FieldError(pointer("file"), detail)])
    suffix = next((one for one in SUFFIXES if sent.filename.endswith(one)), "")
    name = name_of(upload, sent.filename, suffix) or "dataset"
    made = upload.new_file()
    found = check_dataset(sent.file, made, max_unpacked_bytes)
    file = made if made.seek(0, os.SEEK_END) else sent.file
    file.seek(0)
    dataset_id = new_id(DATASET)
    stored = artifacts.put_file(f"datasets/{dataset_id}.npz", file)
    samples_key = f"datasets/{dataset_id}.png"
    try:
        summary = dict(found.summary)
        if found.samples is not None:
            summary[SAMPLES] = artifacts.put_bytes(samples_key, found.samples).key
        new = NewDataset(name, stored.key, stored.sha256, stored.bytes, summary)
        with database.write() as session:
            create_dataset(session, dataset_id, new)
            session.flush()
            dataset = get_dataset(session, dataset_id)
            also(session, dataset)
            return dataset
    except BaseException:
        # A commit may have been carried out although its acknowledgement was lost.
        if not _is_on_record(database, dataset_id):
            artifacts.delete(stored.key)
            artifacts.delete(samples_key)
        raise


def _is_on_record(database: Database, dataset_id: str) -> bool:
    with database.read() as session:
        try:
            get_dataset(session, dataset_id)
        except NotFound:
            return False
    return True


def check_dataset(
    file: BinaryIO, made: BinaryIO, max_unpacked_bytes: int, timeout_s: float = CHECK_TIMEOUT_S
) -> Found:
    """Returns what a child process finds in the file (`app.dataset_check`).

    Args:
        file: what was sent.
        made: an empty file, which takes the `.npz` that is made of image files.
        max_unpacked_bytes: most that the file may unpack to.
        timeout_s: how long it may take.

    Raises:
        Invalid: it is not a dataset, or takes too long or too much memory to check.
        OSError: the disk under it is full or broken.
    """
    answer = _run(file, made, max_unpacked_bytes, timeout_s)
    summary, samples = answer.get("summary"), answer.get("samples")
    if isinstance(summary, dict):
        return Found(summary, None if samples is None else base64.b64decode(str(samples)))
    raise _refused(str(answer["field"]), str(answer["detail"]))


def _run(file: BinaryIO, made: BinaryIO, max_unpacked_bytes: int, timeout_s: float) -> Json:
    # -P, -s: nothing of the caller's folder or home is imported.
    command = [sys.executable, "-P", "-s", "-m", CHECK]
    command += [str(max_unpacked_bytes), str(made.fileno())]
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(
            command,
            stdin=file,
            capture_output=True,
            timeout=timeout_s,
            env=passed_on | _ONE_THREAD | {"PYTHONPATH": str(_CODE)},
            pass_fds=(made.fileno(),),
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise _refused("", "it takes too long to check") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace")[-2000:]
        _log.warning("a dataset's check ended with %d: %s", error.returncode, said)
        if error.returncode == BROKEN_DISK:
            raise OSError(errno.ENOSPC, f"the disk of uploads is full or broken: {said}") from error
        if error.returncode > 0:
            raise _refused("", "it can't be read") from error
        raise _refused("", "it takes too much memory or time to check") from error
    answer: Json = json.loads(done.stdout)
    return answer


def _refused(field: str, detail: str) -> Invalid:
    where = pointer("file", field) if field else pointer("file")
    subject = f"`{field}` of the upload" if field else "the upload"
    return Invalid(f"{subject} is no dataset: {detail}", [FieldError(where, detail)])
