import pytest
import torch
from torch import Tensor

from embedding.principal import Components


def _vectors(n: int = 40, seed: int = 0) -> Tensor:
    draws = torch.Generator().manual_seed(seed)
    spread = torch.tensor([0.5, 3.0, 1.0, 0.1, 0.2], dtype=torch.float64)
    return 7 + torch.randn(n, 5, generator=draws, dtype=torch.float64) * spread


def test_they_are_those_of_a_singular_value_decomposition() -> None:
    x = _vectors()
    found = Components.of(x)
    _, values, axes = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    assert torch.allclose(found.explained, (values.square() / values.square().sum())[:2])
    assert torch.allclose((found.axes.mT @ axes[:2].mT).abs(), torch.eye(2, dtype=torch.float64))
    places = found.place(x)
    assert torch.allclose(places.mean(0), torch.zeros(2, dtype=torch.float64), atol=1e-12)
    assert abs((places[:, 0] * places[:, 1]).mean().item()) < 1e-12


def test_an_axis_points_where_its_largest_entry_is_positive() -> None:
    axes = Components.of(_vectors()).axes
    assert (axes.gather(0, axes.abs().argmax(0, keepdim=True)) > 0).all()


@pytest.mark.parametrize("mirror", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_a_map_is_no_mirror_image_of_the_one_before(mirror: tuple[int, int]) -> None:
    x = _vectors()
    before = Components.of(x).place(x) * torch.tensor(mirror)
    moved = x + 0.1 * _vectors(seed=1)
    after = Components.of(moved).like(moved, before).place(moved)
    assert (before * after).sum(0).min() > 0


@pytest.mark.parametrize("n", [1, 3])
def test_where_nothing_differs_all_lies_at_one_place(n: int) -> None:
    found = Components.of(torch.full((n, 5), 0.3, dtype=torch.float64))
    assert found.explained.tolist() == [0, 0]
    other = found.place(_vectors(2))
    assert other.tolist() == [[0, 0], [0, 0]]


def test_what_lies_on_a_line_has_one_component() -> None:
    line = torch.linspace(0, 1, 4, dtype=torch.float64).unsqueeze(1).expand(4, 3)
    found = Components.of(line)
    assert found.explained.tolist() == pytest.approx([1, 0])
    assert found.place(line)[:, 1].tolist() == [0] * 4
