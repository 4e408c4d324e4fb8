"""From a job's request to a teacher and a space of students, once."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.records import TeacherRecord
from embedding import Objective
from networks import Architecture, Edits, Space
from workers.adapruner import first_students
from workers.batches import is_augmented
from workers.checkpoints import CheckpointPlace
from workers.constraints import costs_of, objective_of
from workers.data import Dataset, Labelled, TrainingData
from workers.inheriting import teacher_importances
from workers.loading import load_dataset
from workers.machines import Needs
from workers.named_teacher import CHECKPOINT, named_teacher
from workers.pool import Placed
from workers.precision import Precision
from workers.preprocessing import Preprocessing
from workers.problems import UnfitLatency
from workers.recipe_hash import recipe_hash, teacher_hash
from workers.splits import Splits
from workers.teacher import Teacher, teacher_logits, weights_arrays
from workers.uploaded_teacher import uploaded_teacher
from workers.views import view_count
from workers.work import Work

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """All that a search needs beside its trials.

    Attributes:
        recipe_hash: tells jobs whose trials are worth the same.
        first: what the search tries first.
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
    first: tuple[Edits, ...] = ()

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
    _await_machine(work)
    dataset = load_dataset(
        work.database, work.artifacts, work.shelf, work.job.request.dataset, work.check
    )
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
    placed = work.pool.place(teacher)
    recipe = teacher_hash(teacher, dataset.content, splits, record.preprocessing)
    kept = CheckpointPlace(work.artifacts.url, work.key("checkpoints/view"), recipe)
    logits = _logits(work, dataset, data, placed, precision, kept)
    importances = work.run("the teacher's importances", teacher_importances, data, placed)
    space = Space(Architecture.from_json(architecture), round_to)
    objective = objective_of(request, costs_of(space), record.accuracy)
    taught = replace(teacher, logits=logits, importances=importances)
    return Prepared(
        dataset=dataset,
        splits=splits,
        preprocessing=preprocessing,
        space=space,
        objective=objective,
        record=record,
        data=data,
        teacher=work.pool.place(taught),
        recipe_hash=recipe_hash(
            taught, dataset.content, splits, record.preprocessing, request.training
        ),
        first=first_students(request, space, objective, teacher.tensors()),
    )


def _logits(
    work: Work,
    dataset: Dataset,
    data: Placed[TrainingData],
    teacher: Placed[Teacher],
    precision: Precision,
    kept: CheckpointPlace,
) -> NDArray[np.floating] | None:
    """Returns the teacher's logits for all trainings of the job, where they fit into memory."""
    augmented = is_augmented(Labelled(dataset.images, dataset.labels))
    images, classes = len(dataset.splits.train), len(dataset.classes)
    views = view_count(work.job.request, images, classes, augmented=augmented)
    threads = min(work.pool.threads(parallel=1), precision.teacher_threads or 1)
    logits: NDArray[np.floating] | None = work.run(
        "the teacher's logits", teacher_logits, data, teacher, views, kept, threads=threads
    )
    return logits


def _expect_processors(work: Work) -> None:
    """Raises `UnfitLatency` if latency is to be measured on more threads than run at once.

    A cluster that has no machine for calls yet tells nothing: it may grow once there are some.
    """
    threads, cores = work.job.request.latency.threads, work.pool.cores()
    if 0 < cores < threads:
        detail = f"{threads} threads are asked for; the largest machine has {cores} processors"
        raise UnfitLatency.because(detail, "threads")


def _await_machine(work: Work) -> None:
    """Waits for a machine that has what the job reserves, and says so meanwhile.

    An autoscaler adds machines for calls that wait, so one is sent.
    """
    asked = work.job.request.resources
    if not asked.is_asked_for:
        return
    needs = Needs(asked.cpus or 0, asked.gpus, asked.memory_bytes)
    work.writer.set_stage(f"waiting for a machine that has free: {needs}")
    work.run("a machine", is_there, threads=asked.cpus or 1)


def is_there() -> bool:
    """Returns true, on a machine that has all that was asked for."""
    return True


def _new_teacher(work: Work, dataset: Dataset) -> TeacherRecord:
    """Makes the teacher ready to teach, and puts it on record."""
    make = named_teacher if work.job.request.teacher.id is None else uploaded_teacher
    record = make(work, dataset)
    work.writer.record_teacher(record)
    work.artifacts.delete(work.key(CHECKPOINT))
    log.info("%s: the teacher's accuracy is %.4f", work.job.id, record.accuracy)
    return record
