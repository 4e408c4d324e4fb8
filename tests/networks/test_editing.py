from __future__ import annotations

import torch

from networks import Edits, Space, build, inherit
from tests.networks.conftest import space_of, traced


def test_a_removed_block_is_the_identity(resnet20_space: Space) -> None:
    student = resnet20_space.student(Edits(("stages.0.0",), {}, ()))
    assert "stages.0.0.conv1" not in student
    assert "stages.0.0.relu#2" not in student  # it would follow another one
    assert student["stages.0.1.conv1"].inputs == ("relu",)
    assert not any(name.startswith("stages.0.0") for name in student.tensors)


def test_which_of_two_equal_blocks_is_removed_makes_no_difference(resnet20_space: Space) -> None:
    second, third = (
        resnet20_space.student(Edits((name,), {}, ())).hash for name in ("stages.0.1", "stages.0.2")
    )
    other = resnet20_space.student(Edits(("stages.1.1",), {}, ())).hash
    assert second == third != other


def test_a_skip_is_an_addition_behind_its_end(resnet20_space: Space) -> None:
    skip = next(s for s in resnet20_space.skips if s.start == "relu")
    student = resnet20_space.student(Edits((), {}, ((skip.start, skip.end),)))
    added = student[f"{skip.end}+{skip.start}"]
    assert added.inputs == (skip.end, skip.start)
    assert skip.end not in {
        source for layer in student if layer.name != added.name for source in layer.inputs
    }


def test_shapes_follow_the_widths(resnet20_space: Space) -> None:
    student = resnet20_space.student(Edits((), {"conv1": 5, "stages.0.0.conv1": 3}, ()))
    assert student["stages.0.0.conv1"].shape == (3, 32, 32)
    assert student.tensors["stages.0.0.conv1.weight"].shape == (3, 5, 3, 3)
    assert student.tensors["stages.0.1.bn2.running_var"].shape == (5,)


def test_slices_and_groups_are_counted_anew() -> None:
    space = space_of("torchvision/shufflenet_v2_x0_5")
    widths = {group.name: max(1, group.units // 2) for group in space.groups}
    student = space.student(Edits((), widths, ()))
    for layer in student:
        if layer.op == "slice":
            assert layer.integer("end") - layer.integer("start") == layer.shape[0]
        if layer.op == "conv2d" and layer.integer("groups") > 1:
            assert layer.integer("groups") == layer.shape[0]


def test_kept_channels_carry_the_teachers_function_where_the_others_were_zero() -> None:
    """Dropping channels that compute nothing changes no logit: slices start at the right place."""
    for name in ("zoo/resnet20", "torchvision/shufflenet_v2_x0_5", "zoo/shufflenet"):
        space, teacher = space_of(name), traced(name)
        widths = {g.name: g.units // 2 for g in space.groups if g.units > 1}
        edits = Edits((), widths, ())
        weights = {key: value.clone() for key, value in teacher.weights.items()}
        kept = _silence(space, edits, weights)
        assert 0 < kept < space.channels.units
        student = build(space.student(edits), inherit(space, edits, weights)).eval()
        whole = build(space.architecture, weights).eval()
        images = torch.randn(4, 3, 32, 32)
        assert torch.allclose(student(images), whole(images), atol=1e-4), name


def _silence(space: Space, edits: Edits, weights: dict[str, torch.Tensor]) -> int:
    """Zeroes all filters, scales and shifts of the units that `edits` drop; counts the others."""
    from networks.inheritance import choose_units

    kept = choose_units(space, edits, weights)
    for name, dims in space.channels.tensors.items():
        if dims and dims[0] is not None and not name.endswith("running_var"):
            weights[name][torch.from_numpy(~kept[dims[0]])] = 0
    return int(kept[:-1].sum())
