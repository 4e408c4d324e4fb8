"""Fixed views of the training images: what a teacher says of them is computed once a job.

View v of a split is one draw of shift and mirror for each image, from a seed of v alone: it is the
same in every process and in every job, and nothing of it is stored. Epoch e of a student's training
sees view (e - 1) mod V, and looks up the teacher's logits of it. These are kept beside the job's
checkpoints, so that whoever takes the job up again need not ask the teacher again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from app.requests import JobRequest
from embedding import derive_seed
from workers.augmentation import Shifts, draw_shifts
from workers.checkpoints import Checkpoint, CheckpointFile, CheckpointPlace, owner_of

# Of the job's memory for logits, in Ray's object store beside the dataset.
LOGITS_BYTES = 2**29
LOGIT_BYTES = 2  # float16
EXACT_BYTES = 4  # float32, of images that are not augmented
# Up to so many epochs each has a view of its own, as if it were drawn afresh: nothing is lost but
# that all trials see the same ones. Longer trainings see them again.
ENOUGH_VIEWS = 30
# With fewer than these a training of more epochs had better draw afresh and pay for the teacher.
LEAST_VIEWS = 5


def view_shifts(view: int, n: int, size: tuple[int, int]) -> Shifts:
    """Returns the draws of a view (from 0) for `n` images of `size`, height and width in pixels."""
    generator = torch.Generator().manual_seed(derive_seed(0, "view", view))
    return draw_shifts(n, size, generator)


def view_of_epoch(epoch: int, views: int) -> int:
    """Returns the view (from 0) that an epoch (from 1) sees, of so many."""
    return (epoch - 1) % views


def view_count(request: JobRequest, images: int, classes: int, *, augmented: bool) -> int | None:
    """Returns how many views the teacher's logits are computed for.

    As many as the longest of the job's trainings has epochs, but no more than are enough, and than
    half of the passes over the split that all its trainings take. Images that are not augmented
    have one.

    Args:
        request: the job's.
        images: of the training split.
        classes: logits of an image.
        augmented: whether images are augmented.

    Returns:
        None if logits of enough views for the job's trainings don't fit into memory: then every
        batch is augmented afresh and given to the teacher.
    """
    if not augmented:
        return 1 if images * classes * EXACT_BYTES <= LOGITS_BYTES else None
    training = request.training
    longest = max(training.search_epochs, training.final_epochs)
    evaluations = request.search.evaluations
    passes = evaluations * training.search_epochs
    passes += min(training.final_students, evaluations) * training.final_epochs
    useful = min(longest, ENOUGH_VIEWS, max(passes // 2, 1))
    fitting = LOGITS_BYTES // (images * classes * LOGIT_BYTES)
    return min(useful, fitting) if fitting >= min(useful, LEAST_VIEWS) else None


def kept_logits(
    place: CheckpointPlace | None, view: int, compute: Callable[[], NDArray[np.float16]]
) -> NDArray[np.float16]:
    """Returns a view's logits `n x classes` as they were kept, else as `compute` gives them.

    Those are kept then, if it took long enough.

    Args:
        place: where the views' are, each under this key and its number; None: nowhere.
        view: from 0.
        compute: asks the teacher.
    """
    if place is None:
        return compute()
    own = replace(place, key=f"{place.key}-{view}")
    file = CheckpointFile(own, owner_of([place.recipe, view]))
    found = file.read()
    if found is not None:
        kept: NDArray[np.float16] = found.tensors["logits"].numpy()
        return kept
    logits = compute()
    file.keep(lambda: Checkpoint(1, {}, {"logits": torch.from_numpy(logits)}))
    return logits
