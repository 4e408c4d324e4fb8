import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from workers import image_spool
from workers.image_spool import Images
from workers.preprocessing import Preprocessing


def _images(n: int = 40) -> Images:
    return np.random.default_rng(0).integers(0, 256, (n, 3, 6, 5), dtype=np.uint8)


def test_images_come_out_standardised_channel_by_channel() -> None:
    images = _images()
    x = Preprocessing.of(images, 255.0, (6, 5)).apply(torch.from_numpy(images))
    assert x.dtype == torch.float32
    torch.testing.assert_close(x.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(x.std(dim=(0, 2, 3), correction=0), torch.ones(3), atol=1e-4, rtol=0)


def test_the_moments_don_t_depend_on_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Preprocessing.of(_images(), 255.0, (6, 5))
    monkeypatch.setattr(image_spool, "PIECE_BYTES", 1)
    assert Preprocessing.of(_images(), 255.0, (6, 5)) == whole
    images = _images() / 255.0
    assert whole.mean == tuple(images.mean(axis=(0, 2, 3)).round(6))
    assert whole.std == tuple(images.std(axis=(0, 2, 3)).round(6))


def test_only_the_images_that_are_chosen_count() -> None:
    images, chosen = _images(), np.array([3, 17, 5])
    of_all = Preprocessing.of(images, 255.0, (6, 5), chosen)
    assert of_all == Preprocessing.of(images[chosen], 255.0, (6, 5))


def test_a_constant_channel_becomes_zero() -> None:
    images = np.full((3, 1, 4, 4), 7, dtype=np.uint8)
    preprocessing = Preprocessing.of(images, 16.0, (4, 4))
    assert preprocessing.std == (1.0,)
    assert preprocessing.apply(torch.from_numpy(images)).abs().max() < 1e-6


def test_resizing_comes_before_standardising() -> None:
    images = torch.from_numpy(_images(2))
    preprocessing = Preprocessing(255.0, (0.5, 0.4, 0.3), (0.2, 0.3, 0.1), (6, 5), (12, 12))
    resized = functional.interpolate(images / 255.0, (12, 12), mode="bilinear")
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (preprocessing.mean, preprocessing.std))
    torch.testing.assert_close(preprocessing.apply(images), (resized - mean) / std)


def test_images_of_another_shape_are_refused() -> None:
    preprocessing = Preprocessing.of(_images(), 255.0, (6, 5))
    with pytest.raises(ValueError, match=r"\(1, 6, 5\), expected \(3, 6, 5\)"):
        preprocessing.apply(torch.zeros(2, 1, 6, 5, dtype=torch.uint8))


def test_the_input_is_not_changed() -> None:
    images = torch.from_numpy(_images(2))
    before = images.clone()
    Preprocessing.of(_images(), 255.0, (6, 5)).apply(images)
    assert torch.equal(images, before)


def test_json_holds_all_of_it() -> None:
    preprocessing = Preprocessing.of(_images(), 255.0, (32, 32))
    fields = json.loads(json.dumps(preprocessing.to_json()))
    assert Preprocessing.from_json(fields) == preprocessing
    assert fields["layout"] == "NCHW"


def test_what_image_files_were_resized_to_is_told_where_they_were() -> None:
    plain = Preprocessing.of(_images(), 255.0, (6, 5))
    assert "shorter_side" not in plain.to_json()
    made = Preprocessing.of(_images(), 255.0, (6, 5), shorter_side=6)
    assert made.to_json() == plain.to_json() | {"shorter_side": 6}
    assert Preprocessing.from_json(made.to_json()) == made
