import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from embedding.acquisition import SAMPLES, Posterior, costs_in
from embedding.kernel import Layout, OutcomeGP
from embedding.objective import Limits, Objective
from embedding.outcome import outcome
from embedding.pareto import pareto_improvement
from tests.embedding.inputs import inputs, teacher

LAYOUT = Layout(decisions=4, kernels=1)
TEACHER = outcome(torch.tensor(0.9, dtype=torch.float64)).item()
COSTS_OF = {"params": 1000, "macs": 8000}


def _wants(costs: tuple[str, ...], observed: Tensor, candidates: Tensor) -> Tensor:
    gp, x = OutcomeGP(LAYOUT), torch.cat([teacher(LAYOUT), observed])
    gp.likelihood.noise = 1e-4
    gp.condition(x, 0.5 * x[:, 1])  # the first decision is what costs accuracy
    gp.eval()
    limits = tuple(COSTS_OF[name] for name in costs)
    objective = Objective("pareto", Limits(), 1000, 0.9, None, costs, limits)
    none = observed[:0]
    return pareto_improvement(gp, objective, TEACHER, observed, none, seed=0)(candidates)


@pytest.mark.parametrize("costs", [("macs",), ("params", "macs")])
def test_what_lies_behind_the_set_adds_less_than_what_widens_it(costs: tuple[str, ...]) -> None:
    observed = inputs(LAYOUT, torch.tensor([0.5, 1.0, 1.5, 3.0]))
    observed[:, 1] = torch.tensor([0.0, -0.1, -0.2, -1.5])
    pair = inputs(LAYOUT, torch.tensor([1.4, 2.2]), seed=1)
    pair[:, 1] = torch.tensor([-1.8, -0.3])  # worse than its neighbours, and in the gap
    behind, widens = _wants(costs, observed, pair).tolist()
    assert widens > behind + 2


def test_a_cost_that_is_not_named_does_not_count() -> None:
    observed = inputs(LAYOUT, torch.tensor([0.5, 1.0, 1.5]))
    pair = inputs(LAYOUT, torch.tensor([2.0]), seed=1).repeat(2, 1)
    pair[1, LAYOUT.costs.start] /= 2  # the parameters
    macs = _wants(("macs",), observed, pair)
    torch.testing.assert_close(macs[0], macs[1])
    both = _wants(("params", "macs"), observed, pair)
    assert both[1] > both[0]


@pytest.mark.parametrize("costs", [("macs",), ("params", "macs")])
def test_it_is_the_mean_hypervolume_that_is_added(costs: tuple[str, ...]) -> None:
    observed = inputs(LAYOUT, torch.tensor([0.5, 1.0, 1.5, 3.0]))
    observed[:, 1] = torch.tensor([0.0, -0.8, -0.6, -1.5])
    observed[1, LAYOUT.costs] *= torch.tensor([1.2, 0.7, 1, 1])  # better at one, worse at the other
    candidates = inputs(LAYOUT, torch.tensor([0.2, 0.7, 1.2, 2.0, 4.0]), seed=1)
    gp, x = OutcomeGP(LAYOUT), torch.cat([teacher(LAYOUT), observed])
    gp.likelihood.noise = 0.05
    gp.condition(x, 0.5 * x[:, 1])
    gp.eval()
    limits = tuple(COSTS_OF[name] for name in costs)
    objective = Objective("pareto", Limits(), 1000, 0.9, None, costs, limits)
    wants = pareto_improvement(gp, objective, TEACHER, observed, observed[:0], seed=0)(candidates)
    posterior = Posterior(gp)
    both = torch.cat([observed, candidates])
    with torch.no_grad():
        at = posterior.at(both)
        root = torch.linalg.cholesky(posterior.covariance(at, at) + 1e-9 * torch.eye(9))
    z = torch.randn(4000, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    accuracy = 1.005 - (-(TEACHER + at.mean + z @ root.mT)).exp()
    values = objective.values(accuracy, costs_in(both))
    known, new = values[:, :4], values[:, 4:]
    expected = torch.stack([_added(known, new[:, i : i + 1]).mean() for i in range(5)])
    torch.testing.assert_close(wants.exp() / SAMPLES, expected, rtol=0.1, atol=1e-4)


def _added(known: Tensor, new: Tensor) -> Tensor:
    """The hypervolume that one point adds, of each sample: by inclusion and exclusion."""
    zero = torch.zeros(known.shape[-1], dtype=torch.float64)
    cut = torch.minimum(known, new).clamp(min=0)  # what of each known box is within the new one
    subsets = list(itertools.product([False, True], repeat=known.shape[1]))[1:]
    added = torch.maximum(new, zero).prod(-1).squeeze(1)
    for subset in subsets:
        added = added + (-1) ** sum(subset) * cut[:, list(subset)].amin(1).prod(-1)
    return added


class _Largest(TorchDispatchMode):
    """Notes the bytes of the largest tensor that any operation gives."""

    largest = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        found = func(*args, **(kwargs or {}))
        for one in found if isinstance(found, tuple | list) else [found]:
            if isinstance(one, Tensor):
                self.largest = max(self.largest, one.numel() * one.element_size())
        return found


def test_a_thousand_trials_and_two_costs_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One grid of cells over the Pareto sets of all samples would take gigabytes."""
    monkeypatch.setattr("embedding.acquisition.SAMPLES", 8)
    n, draws = 1000, torch.Generator().manual_seed(0)
    halvings = 4 * torch.rand(n, generator=draws)
    observed = inputs(LAYOUT, halvings)
    luck = torch.rand(n, generator=draws)
    observed[:, 1] = -0.3 * halvings - 0.3 * luck  # the larger, the better
    observed[:, LAYOUT.costs] *= (torch.rand(n, 4, generator=draws) - 0.5).double().exp2()
    candidates = inputs(LAYOUT, torch.linspace(0, 4, 8), seed=1)
    with _Largest() as largest:  # type: ignore[no-untyped-call]
        added = _wants(("params", "macs"), observed, candidates)
    assert bool(torch.isfinite(added).all())
    assert largest.largest < 64e6


def test_what_costs_more_than_the_teacher_adds_nothing() -> None:
    observed = inputs(LAYOUT, torch.tensor([0.5, 1.0]))
    candidates = inputs(LAYOUT, torch.tensor([-0.5, 0.7]), seed=1)
    more, less = _wants(("macs",), observed, candidates).tolist()
    assert more < less - 100
    assert torch.isfinite(torch.tensor(more))
