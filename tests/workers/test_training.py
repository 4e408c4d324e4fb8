from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.workers.samples import small_network
from workers import training
from workers.batches import Batch, steps_an_epoch
from workers.data import TrainingData
from workers.measuring import measure
from workers.precision import Precision
from workers.training import Diverged, Recipe, Training, rate_share


def _recipe(epochs: int = 3, rate: float = 0.1, seed: int = 0, dtype: str = "plain") -> Recipe:
    fast = Precision("bfloat16", "channels_last")
    return Recipe(epochs, rate, seed, Precision() if dtype == "plain" else fast)


def _label_loss(logits: Tensor, batch: Batch) -> Tensor:
    return functional.cross_entropy(logits, batch.labels)


def _weights(module: torch.nn.Module) -> Tensor:
    return torch.cat([tensor.double().flatten() for tensor in module.state_dict().values()])


def _parameters(module: torch.nn.Module) -> Tensor:
    return torch.cat([tensor.detach().double().flatten() for tensor in module.parameters()])


@pytest.mark.parametrize("dtype", ["plain", "fast"])
def test_training_learns_the_digits(data: TrainingData, dtype: str) -> None:
    module = small_network()
    assert Training(module, data, _recipe(epochs=8, dtype=dtype), _label_loss).run() is module
    assert measure(Precision().place(module), data.validation, data.preprocessing) > 0.95


def test_what_is_on_the_way_is_kept_after_each_epoch_but_the_last(data: TrainingData) -> None:
    kept: list[int] = []
    under_way = Training(small_network(), data, _recipe(epochs=3), _label_loss)
    under_way.run(lambda: kept.append(under_way.epoch))
    assert (kept, under_way.epoch) == ([1, 2], 3)


def test_one_seed_gives_one_student(data: TrainingData) -> None:
    weights = []
    for seed in (1, 1, 2):
        module = small_network()
        Training(module, data, _recipe(epochs=1, seed=seed), _label_loss).run()
        weights.append(torch.cat([p.flatten() for p in module.parameters()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_loss_that_is_no_number_names_the_epoch(data: TrainingData) -> None:
    steps = steps_an_epoch(len(data.train))
    calls = iter(range(10**6))

    def loss(logits: Tensor, _: Batch) -> Tensor:
        return logits.mean() * (float("nan") if next(calls) >= steps else 1.0)

    with pytest.raises(Diverged, match=r"epoch 2: the loss is nan") as caught:
        Training(small_network(), data, _recipe(), loss).run()
    assert caught.value.epoch == 2


def test_an_infinite_gradient_is_divergence_too(data: TrainingData) -> None:
    def loss(logits: Tensor, _: Batch) -> Tensor:
        return (logits - logits).abs().sqrt().sum()  # 0, with an infinite slope

    with pytest.raises(Diverged, match=r"epoch 1: the gradient's norm is"):
        Training(small_network(), data, _recipe(), loss).run()


def test_gradients_are_clipped(data: TrainingData) -> None:
    module = small_network()
    before = torch.cat([p.detach().flatten() for p in module.parameters()])
    recipe = Recipe(1, 1e-3, 0, Precision(), momentum=0.1, weight_decay=0.0, clip_norm=1.0)
    Training(module, data, recipe, lambda logits, _: 1e6 * logits.square().mean()).run()
    after = torch.cat([p.detach().flatten() for p in module.parameters()])
    furthest = steps_an_epoch(len(data.train)) * 1e-3 * 1.0 * 1.3
    assert 0 < (after - before).norm() < furthest


def test_divergence_is_seen_before_the_epoch_ends_where_it_is_long(
    data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHECKED_STEPS", 2)
    steps: list[int] = []

    def loss(logits: Tensor, _: Batch) -> Tensor:
        steps.append(1)
        return logits.mean() * float("nan")

    with pytest.raises(Diverged, match=r"epoch 1: the loss is nan"):
        Training(small_network(), data, _recipe(), loss).run()
    assert len(steps) == 2 < steps_an_epoch(len(data.train))


def test_the_rate_follows_the_schedule_over_all_epochs(data: TrainingData) -> None:
    rates: list[float] = []

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        rates.append(under_way._optimizer.param_groups[0]["lr"])
        return _label_loss(logits, batch)

    under_way = Training(small_network(), data, _recipe(epochs=2, rate=0.1), loss)
    for _ in range(2):
        under_way.run_epoch()
    steps = 2 * steps_an_epoch(len(data.train))
    assert rates == pytest.approx([0.1 * rate_share(step, steps, 0.25) for step in range(steps)])


def test_the_average_of_the_weights_is_the_result(data: TrainingData) -> None:
    module, seen = small_network(), []

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        seen.append(_parameters(module))  # as the steps before left them
        return _label_loss(logits, batch)

    trained = Training(module, data, replace(_recipe(), ema=0.9), loss).run()
    mean = seen[0]
    for step, weights in enumerate([*seen[1:], _parameters(module)]):
        decay = min(0.9, (1 + step) / (10 + step))
        mean = decay * mean + (1 - decay) * weights
    assert trained is not module
    torch.testing.assert_close(_parameters(trained), mean, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(mean, _parameters(module), rtol=1e-3)
    assert measure(trained, data.validation, data.preprocessing) > 0.8  # its statistics fit it


def test_an_average_goes_on_from_its_state(data: TrainingData) -> None:
    recipe = replace(_recipe(epochs=4), ema=0.99)
    whole = Training(small_network(), data, recipe, _label_loss)
    while whole.epoch < 4:
        whole.run_epoch()
        if whole.epoch == 2:
            state = whole.state()
    again = Training(small_network(seed=9), data, recipe, _label_loss)
    again.load_state(2, state)
    while again.epoch < 4:
        again.run_epoch()
    assert torch.equal(_weights(again.trained), _weights(whole.trained))


@pytest.mark.parametrize("steps", [1, 2, 3, 100])
def test_the_rate_rises_then_falls_to_nearly_nothing(steps: int) -> None:
    shares = [rate_share(step, steps, 0.25) for step in range(steps)]
    assert all(0 < share <= 1 for share in shares)
    top = shares.index(max(shares))
    assert shares[: top + 1] == sorted(shares[: top + 1])
    assert shares[top:] == sorted(shares[top:], reverse=True)
    if steps == 100:
        assert top == pytest.approx(25, abs=1)
        assert shares[-1] < 1e-3
