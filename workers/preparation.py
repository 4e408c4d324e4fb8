"""From a job's request to a teacher and a space of students, once."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from zipfile import BadZipFile

from app.artifacts import Artifacts
from app.database import Database
from app.datasets import get_dataset
from app.problems import NotFound
from app.records import TeacherRecord
from app.requests import DatasetRequest
from embedding import Objective
from networks import Architecture, Space
from workers.constraints import costs_of, objective_of
from workers.data import Dataset, TrainingData, load_digits, load_npz
from workers.named_teacher import named_teacher
from workers.pool import Placed
from workers.precision import Precision
from workers.preprocessing import Preprocessing
from workers.problems import UnfitLatency, UnusableDataset
from workers.recipe_hash import recipe_hash
from workers.splits import Splits
from workers.teacher import Teacher, teacher_logits, weights_arrays
from workers.uploaded_teacher import uploaded_teacher
from workers.work import Work

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """All that a search needs beside its trials.

    Attributes:
        recipe_hash: tells jobs whose trials are worth the same.
    """

    dataset: Dataset
    splits: Splits
    preprocessing: Preprocessing
    space: Space
    objective: Objective
    record: TeacherRecord
    data: Placed[TrainingData]
    teacher: Placed[Teacher]
    recipe_hash: str

    def threads(self, available: int) -> int:
        """Returns how many of the threads that are available a student's training uses.

        No more than its teacher's training did: a smaller network gains from threads no sooner.
        """
        chosen = Precision.from_json(self.record.precision).teacher_threads
        return available if chosen is None else min(available, chosen)


def prepare(work: Work) -> Prepared:
    """Loads the dataset and the teacher, training it first where that hasn't been done.

    Raises:
        StillhouseError: the request can't be carried out; says which field is to blame.
    """
    _expect_processors(work)
    dataset = load_dataset(work.database, work.artifacts, work.job.request.dataset)
    record = work.job.teacher or _new_teacher(work, dataset)
    splits = Splits.from_bytes(work.artifacts.read_bytes(record.splits_key))
    preprocessing = Preprocessing.from_json(record.preprocessing)
    architecture = work.artifacts.read_bytes(record.architecture_key).decode()
    weights = weights_arrays(work.artifacts.read_bytes(record.weights_key))
    request = work.job.request
    round_to = request.search.round_to
    precision = Precision.from_json(record.precision)
    teacher = Teacher(architecture, weights, precision, round_to)
    data = work.pool.place(dataset.training_data(splits, preprocessing))
    logits = work.run("the teacher's logits", teacher_logits, data, work.pool.place(teacher))
    space = Space(Architecture.from_json(architecture), round_to)
    return Prepared(
        dataset=dataset,
        splits=splits,
        preprocessing=preprocessing,
        space=space,
        objective=objective_of(request, costs_of(space), record.accuracy),
        record=record,
        data=data,
        teacher=work.pool.place(replace(teacher, logits=logits)),
        recipe_hash=recipe_hash(
            teacher, dataset.content, splits, record.preprocessing, request.training
        ),
    )


def _expect_processors(work: Work) -> None:
    """Raises `UnfitLatency` if latency is to be measured on more threads than run at once."""
    threads, cores = work.job.request.latency.threads, work.pool.cores()
    if threads > cores:
        detail = f"{threads} threads are asked for; the largest machine has {cores} processors"
        raise UnfitLatency.because(detail, "threads")


def load_dataset(database: Database, artifacts: Artifacts, request: DatasetRequest) -> Dataset:
    """Returns the dataset that a request names.

    Raises:
        UnusableDataset: it can't be read, or a split of it has no image.
    """
    dataset = load_digits() if request.id is None else _uploaded(database, artifacts, request.id)
    splits = dataset.splits
    for name in ("train", "validation", "test"):
        if len(getattr(splits, name)) == 0:
            raise UnusableDataset.because(
                f"its {len(dataset.labels)} images are too few: the {name} split would be empty"
            )
    return dataset


def _uploaded(database: Database, artifacts: Artifacts, dataset_id: str) -> Dataset:
    try:
        with database.read() as session:
            record = get_dataset(session, dataset_id)
        with artifacts.open(record.key) as file:
            return load_npz(record.name, file)
    except (NotFound, FileNotFoundError, BadZipFile, ValueError, KeyError) as error:
        raise UnusableDataset.because(f"{dataset_id} can't be read: {error}") from error


def _new_teacher(work: Work, dataset: Dataset) -> TeacherRecord:
    """Makes the teacher ready to teach, and puts it on record."""
    make = named_teacher if work.job.request.teacher.id is None else uploaded_teacher
    record = make(work, dataset)
    work.writer.record_teacher(record)
    log.info("%s: the teacher's accuracy is %.4f", work.job.id, record.accuracy)
    return record
