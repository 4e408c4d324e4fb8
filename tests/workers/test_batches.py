import numpy as np
import pytest
import torch

from tests.workers.samples import training_data, two_digits
from workers.augmentation import shifted
from workers.batches import Batch, batch_size, batches, is_augmented, steps_an_epoch
from workers.data import Labelled, TrainingData
from workers.measuring import as_tensor
from workers.precision import Precision
from workers.preprocessing import Preprocessing
from workers.views import view_shifts


def _colour(n: int = 200) -> TrainingData:
    images = np.random.default_rng(0).integers(0, 256, (n, 3, 8, 8), dtype=np.uint8)
    labelled = Labelled(images, np.arange(n) % 7)
    return TrainingData(
        labelled, labelled, Preprocessing(1.0, (0.0,) * 3, (1.0,) * 3, (8, 8), (8, 8))
    )


def _epoch(
    data: TrainingData, epoch: int, views: int | None, seed: int | None = None
) -> list[Batch]:
    return list(batches(data, Precision(), epoch if seed is None else seed, epoch, views))


@pytest.mark.parametrize(
    ("n", "size"), [(10, 32), (105, 32), (1259, 32), (2000, 64), (18_000, 128), (10**6, 128)]
)
def test_batches_fit_the_dataset(n: int, size: int) -> None:
    assert batch_size(n) == size


def test_a_dataset_smaller_than_a_batch_is_one_step() -> None:
    assert steps_an_epoch(10) == 1
    data = training_data(two_digits(20))
    (batch,) = _epoch(data, 1, None)
    assert sorted(batch.index.tolist()) == list(range(len(data.train)))


def test_every_image_comes_once_with_its_own_index_and_label(data: TrainingData) -> None:
    x = data.preprocessing.apply(as_tensor(data.train.images))
    orders = []
    for epoch in (1, 2):
        found = _epoch(data, epoch, None)
        assert len(found) == steps_an_epoch(len(x))
        for batch in found:
            assert torch.equal(batch.images, x[batch.index])
            assert torch.equal(batch.labels, as_tensor(data.train.labels)[batch.index])
        orders.append(torch.cat([batch.index for batch in found]).tolist())
    assert len(set(orders[0])) == len(orders[0]) == len(found) * batch_size(len(x))
    assert orders[0] != orders[1]


def test_images_that_are_not_augmented_have_one_view(data: TrainingData) -> None:
    assert {batch.view for batch in _epoch(data, 3, None) + _epoch(data, 4, 2)} == {0}


def test_colour_images_alone_are_augmented() -> None:
    data = _colour()
    assert is_augmented(data.train)
    assert not is_augmented(Labelled(data.train.images[:, :1], data.train.labels))
    raw = as_tensor(data.train.images).float()
    for batch in _epoch(data, 1, None):
        same = (batch.images == raw[batch.index]).flatten(1).all(dim=1)
        assert same.double().mean() < 0.5
        assert batch.view is None


def test_an_epoch_sees_its_view_whatever_the_seed() -> None:
    data = _colour()
    raw = as_tensor(data.train.images)
    for epoch, view in ((1, 0), (2, 1), (3, 0)):
        expected = shifted(raw, view_shifts(view, len(raw), (8, 8))).float()
        for seed in (1, 2):
            for batch in _epoch(data, epoch, 2, seed):
                assert batch.view == view
                assert torch.equal(batch.images, expected[batch.index])


def test_images_drawn_afresh_differ_from_epoch_to_epoch() -> None:
    seen = []
    for epoch in (1, 2):
        found = _epoch(_colour(), epoch, None)
        index = torch.cat([batch.index for batch in found])
        images = torch.cat([batch.images for batch in found])
        seen.append({int(i): image for i, image in zip(index, images, strict=True)})
    both = seen[0].keys() & seen[1].keys()
    assert sum(torch.equal(seen[0][i], seen[1][i]) for i in both) < len(both) / 2


def test_the_layout_is_that_of_the_precision() -> None:
    (batch, *_) = batches(_colour(), Precision("bfloat16", "channels_last"), 0, 1, 2)
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert batch.images.dtype == torch.float32
