import math

import pytest
import torch
from torch import Tensor

from embedding.encoder import EMBEDDING
from embedding.kernel import (
    HYPERPARAMETERS,
    LEAST_NOISE,
    NOISE_DEVIATION,
    SLOPE_DEVIATIONS,
    SLOPES,
    TRUST,
    CostMean,
    Layout,
    OutcomeGP,
    StudentKernel,
)
from tests.embedding.inputs import TEACHER_COSTS, inputs, teacher

LAYOUT = Layout(decisions=5, kernels=3)
PLAIN = Layout(decisions=5, kernels=0)
GUESSED = Layout(decisions=5, kernels=2, sources=1)
HALVINGS = torch.linspace(0, 4, 12)


def _data(layout: Layout) -> Tensor:
    return torch.cat([teacher(layout), inputs(layout, HALVINGS)])


def test_every_column_has_its_place() -> None:
    x = _data(LAYOUT)
    assert x.shape[1] == 1 + 5 + 2 + 3 * EMBEDDING + 4
    columns = torch.arange(x.shape[1])
    parts = [columns[y] for y in (slice(0, 1), LAYOUT.plain, LAYOUT.embeddings, LAYOUT.costs)]
    assert torch.equal(torch.cat(parts), columns)
    assert columns[LAYOUT.logs].tolist() == [6, 7]
    assert torch.equal(x[0, LAYOUT.costs], TEACHER_COSTS)
    norms = x[:, LAYOUT.embeddings].unflatten(1, (3, EMBEDDING)).norm(dim=2)
    torch.testing.assert_close(norms, torch.ones_like(norms))


@pytest.mark.parametrize("layout", [LAYOUT, PLAIN, GUESSED])
def test_covariances_are_symmetric_and_positive_semidefinite(layout: Layout) -> None:
    x = _data(layout)
    with torch.no_grad():
        covariance = OutcomeGP(layout).covar_module.forward(x, x)
    torch.testing.assert_close(covariance, covariance.mT)
    assert torch.linalg.eigvalsh(covariance).min() > -1e-12
    assert covariance.diagonal().min() > 0


@pytest.mark.parametrize("layout", [LAYOUT, PLAIN, GUESSED])
def test_the_diagonal_is_the_matrix_s(layout: Layout) -> None:
    x = _data(layout)
    kernel = OutcomeGP(layout).covar_module
    with torch.no_grad():
        diagonal = kernel.forward(x, x, diag=True)
        torch.testing.assert_close(diagonal, kernel.forward(x, x).diagonal())


def test_a_candidate_shares_what_it_has_for_itself_with_its_twin_alone() -> None:
    x = _data(LAYOUT)
    twins = torch.cat([x[:1], x[:1]])
    kernel = OutcomeGP(LAYOUT).covar_module
    with torch.no_grad():
        before = kernel.forward(twins, x)
        kernel.log_own.fill_(-100.0)
        lost = before - kernel.forward(twins, x)
    own = torch.zeros(2, len(x), dtype=torch.float64)
    own[:, 0] = 0.06**2
    torch.testing.assert_close(lost, own)


def test_the_covariance_is_the_closed_form() -> None:
    x = _data(LAYOUT)
    kernel = StudentKernel(LAYOUT).double()
    value = {name: mean for name, (mean, _) in HYPERPARAMETERS.items()}
    a, b = x[3], x[7]
    plain = a[1:8], b[1:8]
    lines = (plain[0] @ plain[1]).item() / 7
    bends = math.exp(-(plain[0] - plain[1]).square().mean().item() / 2 / 0.5**2)
    pairs = zip(a[8:56].split(EMBEDDING), b[8:56].split(EMBEDDING), strict=True)
    learned = [math.exp(-(u - v).square().sum().item() / 2 / 0.4**2) for u, v in pairs]
    within = lines + math.exp(value["log_bends"]) * bends
    within += math.exp(value["log_learned"]) * sum(learned) / 3
    slopes = sum(s**2 * (a[i] * b[i]).item() for s, i in zip(SLOPE_DEVIATIONS, (6, 7), strict=True))
    expected = math.exp(value["log_variance"]) * within + slopes + math.exp(value["log_offset"])
    with torch.no_grad():
        found = kernel(x[3:4], x[7:8]).to_dense().item()
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_mean_falls_with_each_halving_of_the_costs() -> None:
    mean = CostMean(LAYOUT)(inputs(LAYOUT, torch.arange(4)))
    torch.testing.assert_close(mean.diff(), torch.full((3,), -sum(SLOPES), dtype=torch.float64))
    assert CostMean(LAYOUT)(teacher(LAYOUT)).item() == 0


def test_the_teacher_shares_no_offset_with_the_students() -> None:
    x = _data(LAYOUT)
    kernel = StudentKernel(LAYOUT).double()
    with torch.no_grad():
        before = kernel.forward(x, x)
        kernel.log_offset += 2
        more = kernel.forward(x, x) - before
    assert more[0].abs().max() == more[:, 0].abs().max() == 0
    assert more[1:, 1:].min() > 0


def test_the_costs_that_the_objective_reads_are_not_modelled() -> None:
    gp, x = OutcomeGP(LAYOUT), _data(LAYOUT)
    other = x.clone()
    other[:, LAYOUT.costs] = 1e7
    gp.condition(x, x[:, 6])
    with torch.no_grad():
        assert torch.equal(gp.posterior(x).mean, gp.posterior(other).mean)


def test_what_was_observed_draws_its_neighbours_along() -> None:
    gp, x = OutcomeGP(LAYOUT), _data(LAYOUT)
    with torch.no_grad():
        prior = gp.mean_module(x)
        # All students are far better than what their sizes let one expect.
        gp.condition(x[:9], torch.cat([torch.zeros(1), prior[1:9] + 1]).double())
        assert (gp.posterior(x[9:]).mean.squeeze(-1) > prior[9:] + 0.3).all()


def test_hyperparameters_start_at_what_is_believed() -> None:
    gp = OutcomeGP(LAYOUT)
    assert gp.likelihood.noise.item() == pytest.approx(NOISE_DEVIATION**2)
    for name, (mean, _) in HYPERPARAMETERS.items():
        assert getattr(gp.covar_module, name).item() == pytest.approx(mean)
    assert all(value.dtype == torch.float64 for value in gp.parameters())
    gp.likelihood.noise_covar.raw_noise.data.fill_(-1e9)
    assert gp.likelihood.noise.item() == pytest.approx(LEAST_NOISE)


def test_outcomes_of_another_number_are_refused() -> None:
    x = _data(LAYOUT)
    with pytest.raises(ValueError, match="an outcome an input"):
        OutcomeGP(LAYOUT).condition(x, torch.zeros(5))


def test_an_encoder_s_part_is_what_it_adds_to_the_covariance() -> None:
    x = _data(LAYOUT)
    kernel = OutcomeGP(LAYOUT).covar_module
    columns = LAYOUT.of_encoder(1)
    assert columns == slice(8 + EMBEDDING, 8 + 2 * EMBEDDING)
    other = x.clone()
    other[:, columns] = other[:, columns].flip(0)
    with torch.no_grad():
        change = kernel.forward(x, x) - kernel.forward(other, other)
        parts = kernel.of_encoder(x[:, columns]) - kernel.of_encoder(other[:, columns])
    torch.testing.assert_close(change, parts)
    assert parts.abs().max() > 1e-4


def test_how_much_a_guess_is_worth_is_learned() -> None:
    x = torch.cat([teacher(GUESSED), inputs(GUESSED, HALVINGS)])
    expected = CostMean(GUESSED)(x)
    guesses = x[:, GUESSED.guesses].squeeze(1)
    torch.testing.assert_close(
        expected - x[:, GUESSED.logs] @ torch.tensor(SLOPES).double(), TRUST * guesses
    )
    for weight in (0.0, 1.0):
        gp = OutcomeGP(GUESSED)
        gp.condition(x, x[:, GUESSED.logs] @ torch.tensor(SLOPES).double() + weight * guesses)
        gp.eval()
        new = inputs(GUESSED, torch.ones(2), seed=7)
        new[1] = new[0]
        new[1, GUESSED.guesses] += 1
        with torch.no_grad():
            low, high = gp.posterior(new).mean.flatten().tolist()
        assert high - low == pytest.approx(weight, abs=0.1)
