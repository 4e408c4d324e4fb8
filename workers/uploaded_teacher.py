"""A teacher that was uploaded: its weights stay as they are, and its accuracy is measured."""

from __future__ import annotations

from app.errand_records import UploadedTeacher
from app.problems import NotFound
from app.records import TeacherRecord
from app.teachers import get_teacher
from networks import Architecture
from workers.constraints import costs_of, searchable
from workers.data import Dataset, TrainingData
from workers.exporting import expect_exportable
from workers.latency_start import expect_fast_enough, teacher_latency_ms
from workers.precision import Precision
from workers.preprocessing import Preprocessing
from workers.problems import UnfitNetwork, UselessUpload
from workers.teacher import examine_teacher, guessing_accuracy, weights_arrays
from workers.work import Work

FIELD = "id"  # of the request's teacher


def uploaded_teacher(work: Work, dataset: Dataset) -> TeacherRecord:
    """Returns the record of the uploaded teacher that the request names.

    Raises:
        StillhouseError: the request can't be carried out; says which field is to blame.
    """
    teacher = _ready(work)
    text = work.artifacts.read_bytes(str(teacher.architecture_key)).decode()
    architecture = Architecture.from_json(text)
    _expect_fit(teacher.id, architecture, dataset)
    preprocessing = _preprocessing(teacher, architecture, dataset)
    space = searchable(architecture, work.job.request)
    expect_exportable(work, architecture)
    expect_fast_enough(work, space)
    data = dataset.training_data(dataset.splits, preprocessing)
    accuracy, precision = _examine(work, data, text, str(teacher.weights_key))
    guessing = guessing_accuracy(data.validation.labels)
    if accuracy <= guessing:
        raise UselessUpload.because(
            f"the accuracy of {teacher.id} on validation is {accuracy:.4f}; guessing the commonest"
            f" class may reach {guessing:.4f}. Its images went through (image / scale - mean) / std"
            f" with scale {preprocessing.scale:g}, mean {list(preprocessing.mean)} and std"
            f" {list(preprocessing.std)}"
        )
    splits = work.artifacts.put_bytes(work.key("splits.npz"), dataset.splits.to_bytes())
    return TeacherRecord(
        **costs_of(space),
        accuracy=accuracy,
        test_accuracy=None,
        weights_key=str(teacher.weights_key),
        architecture_key=str(teacher.architecture_key),
        splits_key=splits.key,
        precision=precision.to_json(),
        preprocessing=preprocessing.to_json(),
        latency_ms=teacher_latency_ms(work, space),
    )


def _ready(work: Work) -> UploadedTeacher:
    teacher_id = str(work.job.request.teacher.id)
    try:
        with work.database.read() as session:
            teacher = get_teacher(session, teacher_id)
    except NotFound as error:
        raise UnfitNetwork.because(error.detail, FIELD) from error
    if teacher.state != "ready":
        raise UnfitNetwork.because(f"{teacher_id} is {teacher.state}", FIELD)
    return teacher


def _expect_fit(teacher_id: str, architecture: Architecture, dataset: Dataset) -> None:
    """Sees whether the teacher takes such images and tells these classes apart."""
    classes, channels = len(dataset.classes), dataset.images.shape[1]
    if architecture.output_shape != (classes,):
        found = architecture.output_shape[0]
        detail = f"{teacher_id} tells {found} classes apart, but the dataset has {classes}"
        raise UnfitNetwork.because(detail, FIELD)
    if architecture.input_shape[0] != channels:
        found = architecture.input_shape[0]
        detail = f"{teacher_id} takes images of {found} channels, but the dataset's have {channels}"
        raise UnfitNetwork.because(detail, FIELD)


def _preprocessing(
    teacher: UploadedTeacher, architecture: Architecture, dataset: Dataset
) -> Preprocessing:
    """Returns what was given with the upload, else the dataset's own; to the teacher's size."""
    channels, height, width = architecture.input_shape
    own = dataset.preprocessing((height, width))
    given = teacher.preprocessing
    if given is None:
        return own
    mean = given["mean"]
    if not isinstance(mean, list) or len(mean) != channels:
        detail = f"{teacher.id} takes {channels} channels, but its `preprocessing` has others"
        raise UnfitNetwork.because(detail, FIELD)
    return Preprocessing.from_json(own.to_json() | given)


def _examine(
    work: Work, data: TrainingData, architecture: str, weights_key: str
) -> tuple[float, Precision]:
    """Measures the teacher on a worker, and chooses the precision of its students' training."""
    work.writer.set_stage("measuring the teacher")
    weights = weights_arrays(work.artifacts.read_bytes(weights_key))
    return work.run(
        "the teacher's measurement",
        examine_teacher,
        work.pool.place(data),
        architecture,
        work.pool.place(weights),
        threads=work.pool.threads(parallel=1),
    )
