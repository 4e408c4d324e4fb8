"""Ours, and ours with one idea taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from benchmarks.search import ablations
from benchmarks.search.methods import METHODS, load, version_of
from benchmarks.search.ours import KERNELS, Ours, objective_of, ours, table_space
from benchmarks.search.rows import NoRowLeft
from benchmarks.search.runs import evaluate
from benchmarks.search.tasks import TASKS
from benchmarks.tables import Table
from embedding import Observation, SearchSettings, acquisition, embedding_proposer, surrogate
from embedding.embedding_proposer import EmbeddingProposer
from embedding.kernel import Layout, StudentKernel
from embedding.outcome import accuracy_of, outcome

OWN = [x for x, y in METHODS.items() if y.group != "peer"]
ABLATIONS = [x for x in OWN if x != "ours"]
SCORE = TASKS["score"]


@pytest.fixture(autouse=True)
def _short() -> Iterator[None]:
    """Sees to it that no test waits for large pools or long fits."""
    with (
        patch.object(embedding_proposer, "CANDIDATES", 64),
        patch.object(surrogate, "FIRST_STEPS", 2),
        patch.object(surrogate, "HYPERPARAMETER_STEPS", 3),
    ):
        yield


@pytest.mark.parametrize("name", OWN)
def test_rows_are_allowed_and_distinct(real_table: Table, name: str) -> None:
    # The runner refuses rows that are not allowed or asked for a second time.
    rows, _, _ = evaluate(real_table, SCORE, seed=1, evaluations=6, factory=load(name))
    assert len(set(rows)) == 6


@pytest.mark.parametrize("task", ["accuracy-25", "accuracy-10", "pareto"])
def test_every_task_has_its_objective(real_table: Table, task: str) -> None:
    objective = objective_of(real_table, TASKS[task])
    assert objective.kind == TASKS[task].kind
    costs = table_space(real_table).costs(table_space(real_table).of_rows(torch.arange(27)))
    kept = objective.feasible(costs) & TASKS["score"].allowed(real_table)
    assert torch.equal(kept, TASKS[task].allowed(real_table))


def test_a_pareto_set_is_searched_for(real_table: Table) -> None:
    rows, _, _ = evaluate(real_table, TASKS["pareto"], 0, 4, load("ours"))
    assert len(set(rows)) == 4


def test_one_seed_gives_the_same_rows(real_table: Table) -> None:
    first, second = (evaluate(real_table, SCORE, 3, 4, load("ours"))[0] for _ in range(2))
    assert first == second


def test_it_says_that_none_is_left(real_table: Table) -> None:
    search = ours(real_table, SCORE, 0, [], kernels=0)
    allowed = SCORE.allowed(real_table)
    for _ in range(int(allowed.sum())):
        row = search.ask()
        assert allowed[row]
        allowed[row] = False
        search.tell(row, 0.9)
    with pytest.raises(NoRowLeft):
        search.ask()


def test_the_peers_first_rows_come_first(real_table: Table) -> None:
    start = SCORE.allowed(real_table).nonzero().squeeze(1).tolist()[:20]
    search = ablations.random_start(real_table, SCORE, 0, start)
    asked = []
    for _ in range(11):
        asked.append(search.ask())
        search.tell(asked[-1], 0.9)
    assert asked[:10] == start[:10]
    assert asked[10] not in asked[:10]


def test_no_ablation_changes_the_product(real_table: Table) -> None:
    before = evaluate(real_table, SCORE, 2, 3, load("ours"))[0]
    for name in ABLATIONS:
        evaluate(real_table, SCORE, 2, 2, load(name))
    assert vars(embedding_proposer)["outcome"] is outcome
    assert vars(acquisition)["accuracy_of"] is accuracy_of
    assert evaluate(real_table, SCORE, 2, 3, load("ours"))[0] == before


def started(
    kind: type[EmbeddingProposer], table: Table, accuracies: list[float]
) -> EmbeddingProposer:
    """Returns a proposer that was told of the first rows' networks and has proposed."""
    space = table_space(table)
    proposer = kind(space, objective_of(table, SCORE), SearchSettings(0, 0))
    edits = space.edits(space.of_rows(torch.arange(len(accuracies)) * 9))
    proposer.tell([Observation(n, edits[n], a) for n, a in enumerate(accuracies)], [])
    proposer.ask(1)
    return proposer


def known_to(proposer: EmbeddingProposer) -> tuple[Tensor, Tensor, Tensor]:
    """Returns what the GP is conditioned on, inputs and outcomes, and its mean there."""
    gp = proposer._surrogate.gp
    (x,), y = cast("tuple[Tensor]", gp.train_inputs), gp.train_targets
    assert isinstance(y, Tensor)
    return x, y, gp.mean_module.forward(x)


def test_the_teacher_is_no_observation(real_table: Table) -> None:
    trials = [0.90, 0.92, 0.93]
    x, _, _ = known_to(started(EmbeddingProposer, real_table, trials))
    assert x[:, 0].tolist() == [0, 1, 1, 1]
    x, y, mean = known_to(started(ablations.WithoutTeacher, real_table, trials))
    assert x[:, 0].tolist() == [1, 1, 1]
    assert float((y - mean).mean()) == pytest.approx(0, abs=1e-6)


def test_the_mean_has_no_slope(real_table: Table) -> None:
    _, _, mean = known_to(started(ablations.WithoutScalingLaw, real_table, [0.9, 0.91]))
    assert not mean.any()
    _, _, mean = known_to(started(EmbeddingProposer, real_table, [0.9, 0.91]))
    assert mean.any()


def test_accuracies_are_modelled_in_the_teachers_errors(real_table: Table) -> None:
    _, y, _ = known_to(started(ablations.WithoutLogarithm, real_table, [0.86, 0.90]))
    teacher = float(real_table.mean_accuracy[real_table.teacher])
    expected = [0.0, *((x - teacher) / (1.005 - teacher) for x in (0.86, 0.90))]
    assert y.tolist() == pytest.approx(expected)


def test_a_black_box_models_the_value_and_reads_no_cost(real_table: Table) -> None:
    proposer = started(ablations.BlackBox, real_table, [0.86, 0.90])
    x, y, _ = known_to(proposer)
    assert float(y.mean()) == pytest.approx(0, abs=1e-9)
    assert float(y.std(correction=0)) == pytest.approx(1)
    rows = torch.tensor([real_table.teacher, 0, 9])
    accuracy = torch.tensor([0.5, 0.86, 0.90], dtype=torch.float64)
    values = SCORE.outcomes(real_table, rows, accuracy)[:, 0]
    assert torch.allclose((y - y[0]) / (y[1] - y[0]), values / values[1])  # the teacher's is 0
    assert not x[:, proposer._surrogate.layout.logs].any()


def test_a_black_box_has_no_pareto_set(real_table: Table) -> None:
    with pytest.raises(ValueError, match="more than one value"):
        ablations.black_box(real_table, TASKS["pareto"], 0, [])


def test_the_kernel_without_lines_is_the_product_s_less_them() -> None:
    layout = Layout(decisions=2, kernels=0)
    x = torch.rand(5, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kernel = ablations.BendsKernel(layout).double()
    bends = kernel.forward(x, x)
    lines = StudentKernel(layout).double().forward(x, x) - bends
    a = x[:, layout.plain]
    assert torch.allclose(lines, kernel.log_variance.exp() * a @ a.mT / 4)
    assert torch.allclose(kernel.forward(x, x, diag=True), bends.diagonal())


@pytest.mark.parametrize(("name", "kernels"), [("ours-no-embedding", 0), ("ours-one-encoder", 1)])
def test_encoders_are_as_many_as_the_name_says(real_table: Table, name: str, kernels: int) -> None:
    search = load(name)(real_table, SCORE, 0, [])
    assert isinstance(search, Ours)
    assert search._proposer.settings.kernels == kernels != KERNELS


def test_random_encoders_stay_as_they_are(real_table: Table) -> None:
    search = load("ours-no-training")(real_table, SCORE, 0, [])
    assert isinstance(search, Ours)
    proposer = search._proposer
    assert isinstance(proposer, EmbeddingProposer)
    before = proposer._surrogate.encoder_weights()
    for _ in range(2):
        search.tell(search.ask(), 0.9)
    after = proposer._surrogate.encoder_weights()
    assert all(torch.equal(a[x], b[x]) for a, b in zip(before, after, strict=True) for x in a)


def test_the_best_drawn_is_proposed(real_table: Table) -> None:
    with patch.object(embedding_proposer, "CLIMBS", 0):
        of_pool = evaluate(real_table, SCORE, 4, 3, load("ours"))[0]
    assert evaluate(real_table, SCORE, 4, 3, load("ours-no-climbs"))[0] == of_pool


def test_versions_are_of_what_decides() -> None:
    assert {"torch", "botorch", "gpytorch"} < set(version_of("ours-no-lines").split())
    assert version_of("ours-no-lines") != version_of("ours")
    assert version_of("ours-no-lines") == version_of("ours-no-climbs")
