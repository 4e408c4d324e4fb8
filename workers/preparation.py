"""From a job's request to a trained teacher and a space of students, once."""

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
from embedding import Objective, derive_seed
from networks import Architecture, NothingToEditError, Space, Traced
from workers.constraints import costs_of, expect_feasible, limits_of
from workers.data import Dataset, TrainingData, load_digits, load_npz
from workers.pool import Placed
from workers.precision import Precision
from workers.preprocessing import Preprocessing
from workers.problems import UnfitNetwork, UnusableDataset, UselessTeacher, WorkFailed
from workers.splits import Splits
from workers.teacher import (
    Teacher,
    TrainedTeacher,
    guessing_accuracy,
    size_for,
    teacher_logits,
    train_teacher,
    untrained_teacher,
    weights_arrays,
)
from workers.training import Diverged
from workers.work import Work

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """All that a search needs beside its trials."""

    dataset: Dataset
    splits: Splits
    preprocessing: Preprocessing
    space: Space
    objective: Objective
    record: TeacherRecord
    data: Placed[TrainingData]
    teacher: Placed[Teacher]

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
    dataset = load_dataset(work.database, work.artifacts, work.job.request.dataset)
    record = work.job.teacher
    if record is None:
        record = _new_teacher(work, dataset)
    splits = Splits.from_bytes(work.artifacts.read_bytes(record.splits_key))
    preprocessing = Preprocessing.from_json(record.preprocessing)
    architecture = work.artifacts.read_bytes(record.architecture_key).decode()
    weights = weights_arrays(work.artifacts.read_bytes(record.weights_key))
    teacher = Teacher(architecture, weights, Precision.from_json(record.precision))
    data = work.pool.place(_training_data(dataset, splits, preprocessing))
    logits = work.run("the teacher's logits", teacher_logits, data, work.pool.place(teacher))
    request = work.job.request
    space = Space(Architecture.from_json(architecture))
    limits = limits_of(request.constraints, costs_of(space))
    return Prepared(
        dataset=dataset,
        splits=splits,
        preprocessing=preprocessing,
        space=space,
        objective=Objective(request.objective.kind, limits, record.params, record.accuracy),
        record=record,
        data=data,
        teacher=work.pool.place(replace(teacher, logits=logits)),
    )


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


def _training_data(dataset: Dataset, splits: Splits, preprocessing: Preprocessing) -> TrainingData:
    train, validation = dataset.select(splits.train), dataset.select(splits.validation)
    return TrainingData(train, validation, preprocessing)


def _new_teacher(work: Work, dataset: Dataset) -> TeacherRecord:
    """Makes the teacher, checks it against the request, trains it and puts it on record."""
    request = work.job.request
    network, splits = request.teacher.network, dataset.splits
    height, width = dataset.images.shape[2:]
    size = size_for(network, (height, width))
    preprocessing = Preprocessing.of(dataset.images[splits.train], dataset.scale, size)
    seed = derive_seed(work.job.seed, "teacher", 0)
    traced = untrained_teacher(network, len(dataset.classes), preprocessing, seed)
    space = _space(network, traced.architecture)
    expect_feasible(space, request)
    data = _training_data(dataset, splits, preprocessing)
    trained = _train(work, data, traced, seed)
    record = _store(work, traced, trained, splits, preprocessing, costs_of(space))
    work.writer.record_teacher(record)
    log.info("%s: the teacher's accuracy is %.4f", work.job.id, trained.accuracy)
    return record


def _space(network: str, architecture: Architecture) -> Space:
    try:
        return Space(architecture)
    except NothingToEditError as error:
        raise UnfitNetwork.because(f"{network}: {error}") from error


def _train(work: Work, data: TrainingData, traced: Traced, seed: int) -> TrainedTeacher:
    """Trains the teacher on a worker; raises `UselessTeacher` if it is no better than guessing."""
    epochs = work.job.request.training.teacher_epochs
    work.writer.set_stage(f"training the teacher for {epochs} epochs")
    weights = {name: tensor.numpy() for name, tensor in traced.weights.items()}
    try:
        trained = work.run(
            "the teacher's training",
            train_teacher,
            work.pool.place(data),
            traced.architecture.to_json(),
            work.pool.place(weights),
            epochs,
            seed,
            threads=work.pool.threads(parallel=1),
        )
    except WorkFailed as error:
        if error.kind == Diverged.__name__:
            raise UselessTeacher.because(error.detail) from error
        raise
    guessing = guessing_accuracy(data.validation.labels)
    if trained.accuracy <= guessing:
        raise UselessTeacher.because(
            f"after {epochs} epochs its accuracy on validation is {trained.accuracy:.4f}; guessing"
            f" the commonest class may reach {guessing:.4f}"
        )
    return trained


def _store(
    work: Work,
    traced: Traced,
    trained: TrainedTeacher,
    splits: Splits,
    preprocessing: Preprocessing,
    costs: dict[str, int],
) -> TeacherRecord:
    """Stores the teacher's artifacts and returns the record that names them."""
    put = work.artifacts.put_bytes
    weights = put(work.key(f"teacher-{work.lease.fence}.safetensors"), trained.weights)
    architecture = put(work.key("architecture.json"), traced.architecture.to_json().encode())
    stored_splits = put(work.key("splits.npz"), splits.to_bytes())
    return TeacherRecord(
        **costs,
        accuracy=trained.accuracy,
        test_accuracy=None,
        weights_key=weights.key,
        architecture_key=architecture.key,
        splits_key=stored_splits.key,
        precision=trained.precision.to_json(),
        preprocessing=preprocessing.to_json(),
    )
