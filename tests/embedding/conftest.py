"""Small spaces, and an accuracy that needs no training."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from embedding import Limits, Objective, Observation, StudentSpace, embedding_proposer
from networks import Candidates, Space, trace
from tests.embedding.trials import observations

Accuracy = Callable[[Candidates], Tensor]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the candidates shows the same, sooner."""
    monkeypatch.setattr(embedding_proposer, "CANDIDATES", 100)
    monkeypatch.setattr(embedding_proposer, "STEPS", 30)


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.last_norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.second(torch.relu(self.norm(self.first(x))))
        result: Tensor = torch.relu(x + self.last_norm(inner))
        return result


def _space(*layers: nn.Module) -> Space:
    return Space(trace(nn.Sequential(*layers), torch.zeros(1, 1, 8, 8)).architecture)


@pytest.fixture(scope="session")
def space() -> Space:
    """A residual network of nine weighted layers."""
    stem = (nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
    down = (nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU())
    body = (Residual(16), Residual(16), *down, Residual(32))
    return _space(*stem, *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 4))


@pytest.fixture(scope="session")
def students(space: Space) -> StudentSpace:
    """The residual network's students, as a search reads them."""
    return StudentSpace(space)


@pytest.fixture(scope="session")
def three() -> Space:
    """A space of three architectures: the teacher with 3 units in its one group, and 2, and 1."""
    layers = (nn.Conv2d(1, 3, 3, padding=1, bias=False), nn.ReLU())
    return _space(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))


@pytest.fixture(scope="session")
def accuracy(space: Space) -> Accuracy:
    """Falls smoothly as groups narrow, each in its own way, and as layers go."""
    weight = torch.linspace(0.02, 0.3, len(space.groups), dtype=torch.float64)
    full = space.teacher().widths

    def of(candidates: Candidates) -> Tensor:
        narrow = torch.exp(-6 * candidates.widths.double() / full)
        removed = candidates.removed.double().sum(1)
        return (0.95 - narrow @ weight - 0.02 * removed).clamp(0.1, 1)

    return of


@pytest.fixture(scope="session")
def objective(space: Space) -> Objective:
    """The score, without limits."""
    params = int(space.costs(space.teacher()).params)
    return Objective("score", Limits(), params, 0.95)


@pytest.fixture(scope="module")
def told(students: StudentSpace, accuracy: Accuracy) -> list[Observation]:
    """Twelve random trials."""
    drawn = students.sample(12, torch.Generator().manual_seed(0))
    return observations(students.edits(drawn), accuracy(drawn))


@pytest.fixture
def pareto(students: StudentSpace, objective: Objective) -> Objective:
    """The accuracy against the parameters and the MACs."""
    costs = students.costs(students.teacher())
    teacher = (int(costs.params), int(costs.macs))
    return replace(objective, kind="pareto", costs=("params", "macs"), teacher_costs=teacher)
