"""What parts of a job's request must have in common, beside what each says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic_core import InitErrorDetails, PydanticCustomError

if TYPE_CHECKING:
    from app.requests import JobRequest


def disagreements(request: JobRequest) -> Iterator[InitErrorDetails]:
    """Yields what is wrong with the parts together, and which of them it is."""
    if request.search.strategy == "adapruner":
        yield from _without_budget(request)
    gamma_l1 = request.training.gamma_l1
    if gamma_l1 and request.teacher.id is not None:
        unused = "an uploaded teacher isn't trained: its batch norms stay as they are"
        yield _error(("training", "gamma_l1"), unused, gamma_l1)
    if request.training.hard_labels == 1 and request.training.loss != "mse":
        unused = "nothing is learned from the teacher's logits: `hard_labels` is 1"
        yield _error(("training", "loss"), unused, request.training.loss)
    smoothing = request.training.label_smoothing
    if smoothing and request.teacher.id is not None and not request.training.hard_labels:
        unused = "no label is used: an uploaded teacher isn't trained, and `hard_labels` is 0"
        yield _error(("training", "label_smoothing"), unused, smoothing)


def _without_budget(request: JobRequest) -> Iterator[InitErrorDetails]:
    limits = request.constraints
    if limits.latency_ms is not None:
        unknown = "`adapruner` knows nothing of latency: limit a cost, or search by `embedding`"
        yield _error(("constraints", "latency_ms"), unknown, limits.latency_ms)
    costs = limits.model_dump(exclude={"latency_ms"})
    if not costs:
        needed = "`adapruner` needs a budget: a limit of params, macs or bytes, or a ratio"
        yield _error(("constraints",), needed, costs)


def _error(where: tuple[str, ...], words: str, given: object) -> InitErrorDetails:
    return InitErrorDetails(
        type=PydanticCustomError("parts_disagree", words), loc=where, input=given
    )
