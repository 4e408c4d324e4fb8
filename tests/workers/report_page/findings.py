"""Pages to look at without a job: made-up trials, logits of a known quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import torch

import networks
from networks import Architecture, Edits, Space
from workers.evaluation import Evaluation, Logits, evaluate
from workers.report_page import Findings, compare
from workers.report_page.story import Story, StoryTrial

TEACHER = {"params": 272_000, "macs": 2_530_000, "bytes": 1_100_000}
STUDENT_TRIAL = 3
EDITS = Edits(
    removed=("stages.0.1", "stages.1.1.conv1"),
    widths={"stages.2.0.conv1": 16, "stages.1.0.conv1": 8},
    skips=(("stages.1.0.relu#2", "stages.1.2.relu"), ("relu", "stages.0.0.relu")),
)


class Parsed(HTMLParser):
    """What a browser sees of a page: its elements with their attributes, and its text."""

    def __init__(self, page: bytes | str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page.decode() if isinstance(page, bytes) else page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def of_class(self, kind: str) -> list[dict[str, str | None]]:
        """Returns the attributes of the elements that are of a class."""
        return [told for _, told in self.elements if kind in (told.get("class") or "").split()]


def evaluation(
    classes: int, images: int, right: float, seed: int = 0, teacher: Logits | None = None
) -> tuple[Logits, Evaluation]:
    """Returns logits of which about so many are right, and their evaluation."""
    draws = np.random.default_rng(seed)
    labels = np.arange(images) % classes
    answers = np.where(draws.random(images) < right, labels, draws.integers(0, classes, images))
    logits = draws.normal(0, 1, (images, classes)).astype(np.float32)
    logits[np.arange(images), answers] += 5
    return logits, evaluate(logits, labels, teacher)


def trials(n: int, *, epochs: int = 5, seed: int = 0) -> tuple[StoryTrial, ...]:
    """Returns trials of which the later are better."""
    draws = np.random.default_rng(seed)
    found = []
    for number in range(n):
        share = float(np.exp(draws.uniform(np.log(0.01), np.log(0.9))))
        accuracy = (
            0.97 - 0.2 * float(draws.random()) ** 3 * (1 - number / n) - 0.03 * (1 - share) ** 4
        )
        curve = tuple(accuracy * (1 - 0.6 * 2.0 ** -(i + 1)) for i in range(epochs))
        costs = {name: int(value * share) for name, value in TEACHER.items()}
        found.append(
            StoryTrial(
                number, "completed", costs, accuracy, accuracy * (1 - share**2), curve, False
            )
        )
    return tuple(found)


def story(n: int = 12, **changes: Any) -> Story:  # noqa: ANN401 - of any field
    """Returns a story of so many trials, the fourth of which is the student's."""
    limits = {"params": 0.25 * TEACHER["params"]}
    default = Story("digits on a phone", "score", ("params",), limits, trials(n), (0.9, 0.95, 0.96))
    return replace(default, **changes)


def report(names: Sequence[str], own: StoryTrial, **changes: object) -> dict[str, Any]:
    """Returns what `report.json` says of a student."""
    told = {
        "job": "job_1",
        "teacher": {**TEACHER, "network": "zoo/resnet20", "accuracy": 0.985, "epochs": 30},
        "student": {
            **own.costs,
            "trial": own.number,
            "accuracy": 0.975,
            "edits": EDITS.to_json(),
            "epochs": 35,
            "reused_from": None,
            "latency": {"median_ms": 0.0213, "p10_ms": 0.021, "p90_ms": 0.0234, "processor": "CPU"},
        },
        "dataset": {
            "name": "digits",
            "classes": list(names),
            "content_sha256": "ab" * 32,
            "images": {"train": 1257, "validation": 270, "test": 270},
        },
        "preprocessing": {"scale": 16.0, "mean": [0.305], "std": [0.376]},
        "training": {"loss": "mse", "temperature": 4.0, "precision": {"dtype": "bfloat16"}},
        "seeds": {"job": 0, "trial": 123},
        "latency": {
            "runtime": "onnxruntime", "batch_size": 1, "threads": 1, "limit_ms": None,
            "teacher_ms": 0.0693,
        },
        "versions": {"python": "3.11", "torch": "2.14"},
    }  # fmt: skip
    return {**told, **changes}


def findings(
    classes: int = 10,
    images: int = 270,
    *,
    names: Sequence[str] | None = None,
    told: Story | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Findings:
    """Returns what a page is made of."""
    told = told or story()
    labels = names or [str(label) for label in range(classes)]
    own = next(trial for trial in told.trials if trial.number == STUDENT_TRIAL)
    logits, teacher = evaluation(classes, images, 0.985, seed=1)
    _, student = evaluation(classes, images, 0.97, seed=2, teacher=logits)
    architectures = teacher_architecture(), student_architecture()
    layers = compare(*architectures, EDITS.to_json())
    return Findings(report(labels, own, **(changes or {})), told, layers, teacher, student)


@cache
def teacher_architecture() -> Architecture:
    module = networks.network("zoo/resnet20", 10, 1)
    return networks.trace(module, torch.zeros(1, 1, 8, 8)).architecture


@cache
def student_architecture() -> Architecture:
    return Space(teacher_architecture(), 8).student(EDITS)
