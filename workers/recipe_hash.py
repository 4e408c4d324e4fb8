"""What a trial's result, or what a teacher says of images, depends on, as one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from app.records import Json
from app.requests import TrainingRequest
from workers.splits import Splits, content_hash
from workers.teacher import Arrays, Teacher

VERSION = 2  # of how trials are trained; raise it when the same recipe comes to give other results


def recipe_hash(
    teacher: Teacher, content: str, splits: Splits, preprocessing: Json, training: TrainingRequest
) -> str:
    """Returns the hex sha256 of all that two trials must share to be worth the same.

    Args:
        teacher: its weights count by their content, its precision by the numbers' type and device,
            its logits by how many of the views that a trial sees they are. Layout and threads,
            which are chosen by timing, change but the order of sums.
        content: hash of the dataset's images and labels.
        splits: of the dataset.
        preprocessing: of its images.
        training: of the request; of it what the search uses.
    """
    parts = _of_teacher(teacher, content, splits, preprocessing) | {
        "version": VERSION,
        "epochs": training.search_epochs,
        "loss": training.loss,
        "temperature": training.temperature,
        "hard_labels": training.hard_labels,
        "label_smoothing": training.label_smoothing if training.hard_labels else 0.0,
        "ema": training.ema,
        "views": min(teacher.views or 0, training.search_epochs),
    }
    return _hash(parts)


def teacher_hash(teacher: Teacher, content: str, splits: Splits, preprocessing: Json) -> str:
    """Returns the hex sha256 of a teacher, trained or not, and of the images that it sees.

    With how they are trained and shown, which `VERSION` tells; the teacher's logits don't count.

    Args: as `recipe_hash`.
    """
    return _hash(_of_teacher(teacher, content, splits, preprocessing) | {"version": VERSION})


def _of_teacher(
    teacher: Teacher, content: str, splits: Splits, preprocessing: Json
) -> dict[str, object]:
    return {
        "architecture": teacher.architecture,
        "weights": weights_hash(teacher.weights),
        "content": content,
        "splits": content_hash(splits.train, splits.validation, splits.test),
        "preprocessing": preprocessing,
        "precision": [teacher.precision.dtype, teacher.precision.device],
    }


def _hash(parts: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def weights_hash(weights: Arrays) -> str:
    """Returns the hex sha256 of names, types, shapes and values, in whatever order they are."""
    digest = hashlib.sha256()
    for name, array in sorted(weights.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
