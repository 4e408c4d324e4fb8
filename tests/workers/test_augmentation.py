import torch
from torch import Tensor
from torch.nn import functional

from workers.augmentation import augment


def _views(image: Tensor, pad: int) -> list[Tensor]:
    """All that augmentation may make of `C x H x W`."""
    padded = functional.pad(image, (pad, pad, pad, pad))
    size = image.shape[1]
    shifts = [
        padded[:, y : y + size, x : x + size]
        for y in range(2 * pad + 1)
        for x in range(2 * pad + 1)
    ]
    return shifts + [shift.flip(2) for shift in shifts]


def test_each_image_becomes_one_of_its_own_shifts_maybe_mirrored() -> None:
    images = torch.randint(1, 256, (50, 3, 8, 8), dtype=torch.uint8)
    out = augment(images, torch.Generator().manual_seed(0))
    assert out.shape == images.shape
    for image, changed in zip(images, out, strict=True):
        assert any(torch.equal(changed, view) for view in _views(image, 1))


def test_all_shifts_and_both_sides_occur() -> None:
    image = torch.randint(1, 256, (3, 8, 8), dtype=torch.uint8)
    out = augment(image.expand(500, 3, 8, 8), torch.Generator().manual_seed(0))
    seen = {i for x in out for i, view in enumerate(_views(image, 1)) if torch.equal(x, view)}
    assert seen == set(range(18))


def test_one_seed_gives_one_result() -> None:
    images = torch.randint(0, 256, (9, 3, 16, 16), dtype=torch.uint8)
    first, again, other = (augment(images, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
