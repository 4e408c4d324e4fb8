"""The jobs that are compared, as `POST /v1/jobs` takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.cifar.runs import ADAPRUNER, Key

PARAMS_RATIO = 0.25
EVALUATIONS = 1000  # more than there is time for


@dataclass(frozen=True)
class Limits:
    """What all searches of one comparison keep.

    Attributes:
        search_s: seconds after which a search starts no further trial, since the job began.
        search_epochs: of each trial.
        final_epochs: of the student that a search ends with.
    """

    search_s: float
    search_epochs: int
    final_epochs: int


def request(key: Key, limits: Limits, teacher: str, dataset: str, epochs: int) -> dict[str, Any]:
    """Returns a job's request.

    AdaPruner's one network may have both cores, as a search's final student has.

    Args:
        key: its strategy and seed.
        limits: of the searches.
        teacher: id of the upload.
        dataset: id of the upload.
        epochs: of the final training.
    """
    search: dict[str, object] = {"strategy": key.method, "seed": key.seed}
    if key.method == ADAPRUNER:
        search["parallel"] = 1
    else:
        search |= {
            "parallel": 2,
            "evaluations": EVALUATIONS,
            "max_wall_s": limits.search_s,
        }
    return {
        "name": f"{key.method}, seed {key.seed}",
        "teacher": {"id": teacher},
        "dataset": {"id": dataset},
        "objective": {"kind": "score"},
        "constraints": {"params_ratio": PARAMS_RATIO},
        "search": search,
        "training": {
            "search_epochs": limits.search_epochs,
            "final_epochs": epochs,
            "final_students": 1,
        },
    }
