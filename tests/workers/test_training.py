import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.workers.samples import small_network, training_data, two_digits
from workers.data import Labelled, TrainingData
from workers.measuring import as_tensor, measure
from workers.precision import Precision
from workers.preprocessing import Preprocessing
from workers.training import (
    BatchLoss,
    Diverged,
    Recipe,
    batch_size,
    is_augmented,
    rate_share,
    steps_an_epoch,
    train,
)


def _recipe(epochs: int = 3, rate: float = 0.1, seed: int = 0, dtype: str = "plain") -> Recipe:
    fast = Precision("bfloat16", "channels_last")
    return Recipe(epochs, rate, seed, Precision() if dtype == "plain" else fast)


def _label_loss(data: TrainingData) -> BatchLoss:
    labels = as_tensor(data.train.labels)
    return lambda _, logits, index: functional.cross_entropy(logits, labels[index])


@pytest.mark.parametrize("dtype", ["plain", "fast"])
def test_training_learns_the_digits(data: TrainingData, dtype: str) -> None:
    module = small_network()
    train(module, data, _recipe(epochs=8, dtype=dtype), _label_loss(data))
    assert measure(Precision().place(module), data.validation, data.preprocessing) > 0.95


def test_one_seed_gives_one_student(data: TrainingData) -> None:
    weights = []
    for seed in (1, 1, 2):
        module = small_network()
        train(module, data, _recipe(epochs=1, seed=seed), _label_loss(data))
        weights.append(torch.cat([p.flatten() for p in module.parameters()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_every_image_is_seen_once_an_epoch_with_its_own_index(data: TrainingData) -> None:
    x = data.preprocessing.apply(as_tensor(data.train.images))
    seen: list[int] = []

    def loss(images: Tensor, logits: Tensor, index: Tensor) -> Tensor:
        assert torch.equal(images, x[index])
        seen.extend(index.tolist())
        return logits.square().mean()

    train(small_network(), data, _recipe(epochs=2), loss)
    size = steps_an_epoch(len(x)) * batch_size(len(x))
    assert len(seen) == 2 * size
    assert len(set(seen[:size])) == size
    assert seen[:size] != seen[size:]


def test_a_loss_that_is_no_number_names_the_epoch(data: TrainingData) -> None:
    steps = steps_an_epoch(len(data.train))
    calls = iter(range(10**6))

    def loss(_: Tensor, logits: Tensor, __: Tensor) -> Tensor:
        return logits.mean() * (float("nan") if next(calls) >= steps else 1.0)

    with pytest.raises(Diverged, match=r"epoch 2: the loss is nan") as caught:
        train(small_network(), data, _recipe(), loss)
    assert caught.value.epoch == 2


def test_an_infinite_gradient_is_divergence_too(data: TrainingData) -> None:
    def loss(_: Tensor, logits: Tensor, __: Tensor) -> Tensor:
        return (logits - logits).abs().sqrt().sum()  # 0, with an infinite slope

    with pytest.raises(Diverged, match=r"epoch 1: the gradient's norm is"):
        train(small_network(), data, _recipe(), loss)


def test_gradients_are_clipped(data: TrainingData) -> None:
    module = small_network()
    before = torch.cat([p.detach().flatten() for p in module.parameters()])
    recipe = Recipe(1, 1e-3, 0, Precision(), momentum=0.1, weight_decay=0.0, clip_norm=1.0)
    train(module, data, recipe, lambda _, logits, __: 1e6 * logits.square().mean())
    after = torch.cat([p.detach().flatten() for p in module.parameters()])
    furthest = steps_an_epoch(len(data.train)) * 1e-3 * 1.0 * 1.3
    assert 0 < (after - before).norm() < furthest


@pytest.mark.parametrize(
    ("n", "size"), [(10, 32), (105, 32), (1259, 32), (2000, 64), (18_000, 128), (10**6, 128)]
)
def test_batches_fit_the_dataset(n: int, size: int) -> None:
    assert batch_size(n) == size


def test_a_dataset_smaller_than_a_batch_is_one_step() -> None:
    assert steps_an_epoch(10) == 1
    data = training_data(two_digits(20))
    seen: list[int] = []

    def loss(_: Tensor, logits: Tensor, index: Tensor) -> Tensor:
        seen.extend(index.tolist())
        return logits.square().mean()

    train(small_network(), data, _recipe(epochs=1), loss)
    assert sorted(seen) == list(range(len(data.train)))


def test_colour_images_alone_are_augmented() -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8), dtype=np.uint8)
    colour = Labelled(images, np.zeros(40, np.int64))
    assert is_augmented(colour)
    assert not is_augmented(Labelled(images[:, :1], colour.labels))
    preprocessing = Preprocessing(1.0, (0.0,) * 3, (1.0,) * 3, (8, 8), (8, 8))
    raw = torch.from_numpy(images).float()
    same: list[bool] = []

    def loss(x: Tensor, logits: Tensor, index: Tensor) -> Tensor:
        same.extend((x == raw[index]).flatten(1).all(dim=1).tolist())
        return logits.square().mean()

    data = TrainingData(colour, colour, preprocessing)
    train(small_network(channels=3), data, _recipe(epochs=1), loss)
    assert sum(same) < len(same) / 2


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
