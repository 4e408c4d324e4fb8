"""A teacher by name: made with random weights, checked against the request, and trained."""

from __future__ import annotations

from app.records import TeacherRecord
from embedding import derive_seed
from workers.checkpoints import CheckpointPlace
from workers.constraints import costs_of, searchable
from workers.data import Dataset, TrainingData
from workers.exporting import expect_exportable
from workers.latency_start import expect_fast_enough, teacher_latency_ms
from workers.precision import Precision
from workers.problems import UselessTeacher, WorkFailed
from workers.recipe_hash import teacher_hash
from workers.teacher import (
    Teacher,
    TrainedTeacher,
    guessing_accuracy,
    size_for,
    train_teacher,
    untrained_teacher,
)
from workers.training import Diverged
from workers.work import Work

CHECKPOINT = "checkpoints/teacher"  # of the training, among the job's artifacts


def named_teacher(work: Work, dataset: Dataset) -> TeacherRecord:
    """Returns the record of the network that the request names, trained; its artifacts are stored.

    Raises:
        StillhouseError: the request can't be carried out; says which field is to blame.
    """
    network, splits = str(work.job.request.teacher.network), dataset.splits
    height, width = dataset.images.shape[2:]
    size = size_for(network, (height, width))
    preprocessing = dataset.preprocessing(size)
    seed = derive_seed(work.job.seed, "teacher", 0)
    traced = untrained_teacher(network, len(dataset.classes), preprocessing, seed)
    space = searchable(traced.architecture, work.job.request)
    expect_exportable(work, traced.architecture)
    expect_fast_enough(work, space)
    data = dataset.training_data(splits, preprocessing)
    first = {name: tensor.numpy() for name, tensor in traced.weights.items()}
    untrained = Teacher(traced.architecture.to_json(), first, Precision())
    recipe = teacher_hash(untrained, dataset.content, splits, preprocessing.to_json())
    place = CheckpointPlace(work.artifacts.url, work.key(CHECKPOINT), recipe)
    trained = _train(work, data, untrained, seed, place)
    put = work.artifacts.put_bytes
    weights = put(work.key(f"teacher-{work.lease.fence}.safetensors"), trained.weights)
    architecture = put(work.key("architecture.json"), traced.architecture.to_json().encode())
    return TeacherRecord(
        **costs_of(space),
        accuracy=trained.accuracy,
        test_accuracy=None,
        weights_key=weights.key,
        architecture_key=architecture.key,
        splits_key=put(work.key("splits.npz"), splits.to_bytes()).key,
        precision=trained.precision.to_json(),
        preprocessing=preprocessing.to_json(),
        latency_ms=teacher_latency_ms(work, space),
    )


def _train(
    work: Work, data: TrainingData, untrained: Teacher, seed: int, place: CheckpointPlace
) -> TrainedTeacher:
    """Trains the teacher on a worker; raises `UselessTeacher` if it is no better than guessing."""
    training = work.job.request.training
    epochs = training.teacher_epochs
    work.writer.set_stage(f"training the teacher for {epochs} epochs")
    try:
        trained = work.run(
            "the teacher's training",
            train_teacher,
            work.pool.place(data),
            untrained.architecture,
            work.pool.place(untrained.weights),
            epochs,
            seed,
            training.gamma_l1,
            training.label_smoothing,
            place,
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
