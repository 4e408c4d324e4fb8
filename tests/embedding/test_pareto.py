import pytest
import torch
from torch import Tensor

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
