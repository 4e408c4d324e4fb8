"""A teacher that has learned two digits, and one of its students."""

from dataclasses import dataclass, replace

import torch

from networks import Architecture, Edits, Space
from tests.workers.samples import training_data, two_digits
from workers.data import TrainingData
from workers.precision import Precision
from workers.teacher import (
    Teacher,
    teacher_logits,
    train_teacher,
    untrained_teacher,
    weights_arrays,
)


@dataclass(frozen=True)
class Trained:
    data: TrainingData
    teacher: Teacher
    space: Space
    edits: Edits


def trained_teacher() -> Trained:
    data = training_data(two_digits())
    traced = untrained_teacher("zoo/resnet20", 2, data.preprocessing, 0)
    arrays = {name: tensor.numpy() for name, tensor in traced.weights.items()}
    architecture = traced.architecture.to_json()
    trained = train_teacher(data, architecture, arrays, 4, 0)
    teacher = Teacher(architecture, weights_arrays(trained.weights), Precision())
    space = Space(Architecture.from_json(architecture))
    drawn = space.sample(50, torch.Generator().manual_seed(0))
    half = int(space.costs(space.teacher()).params) / 2
    row = int((space.costs(drawn).params - half).abs().argmin())
    return Trained(
        data=data,
        teacher=replace(teacher, logits=teacher_logits(data, teacher, 1)),
        space=space,
        edits=space.edits(drawn[row : row + 1])[0],
    )
