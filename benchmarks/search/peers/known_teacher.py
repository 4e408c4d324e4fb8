"""Whether a peer is told of the teacher, which is known before any search."""

from __future__ import annotations

from benchmarks.search.tasks import Task


def helps_a_gaussian_process(task: Task) -> bool:
    """Returns whether a Gaussian process of the task's own value does better if it is told.

    The teacher's score is 0, far from all that a search is after. Told of it, Optuna's sampler
    needed more than 80 evaluations instead of 45 on Channel-Bench-Macro's ResNets (medians of 20
    and of 6 seeds); of accuracies, both that we compare with did as well or better.
    """
    return task.kind != "score"
