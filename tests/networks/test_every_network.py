"""Every network that can be had by name: what holds for all of their students, drawn at random.

`make test` takes torchvision's, but for the deeper siblings of some, and a sixteenth of timm's:
tracing all would take it minutes more; `make test-all` takes all, and draws more students of each.
Networks of more than 50 million parameters are on the meta device in `make test`, where shapes and
costs are checked and values are not; `make test-all` does them for real too. Students are drawn by
fixed seeds, so that a failure is the same one in every run, and one test does all of a network,
since tracing takes most of the time.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from networks import (
    NETWORK_NAMES,
    Architecture,
    Candidates,
    Edits,
    Space,
    architecture_costs,
    build,
    inherit,
    weightless,
)
from networks import operators as ops
from networks.editing import Kept, kept_positions
from tests.networks.named_teachers import (
    BATCH,
    CLASSES,
    LARGE,
    LARGE_NETWORKS,
    Teacher,
    make_teacher,
)

TIMM_SHARE = 16  # every sixteenth of timm's networks is in `make test`, all are in `make test-all`
# Of the large networks only these are in `make test`.
SHALLOW = frozenset(
    {
        "torchvision/alexnet",
        "torchvision/resnext101_32x8d",
        "torchvision/vgg11",
        "torchvision/vgg11_bn",
        "torchvision/vgg19",
        "torchvision/vgg19_bn",
        "torchvision/vit_b_16",
        "torchvision/wide_resnet50_2",
        "timm/inception_resnet_v2",
    }
)
# The same blocks as a sibling's that `make test` takes, only more or wider ones.
DEEPER = (LARGE_NETWORKS - SHALLOW) | frozenset(
    {
        "torchvision/convnext_small",
        "torchvision/densenet161",
        "torchvision/densenet169",
        "torchvision/densenet201",
        "torchvision/efficientnet_b1",
        "torchvision/efficientnet_b2",
        "torchvision/efficientnet_b3",
        "torchvision/efficientnet_b4",
        "torchvision/efficientnet_b5",
        "torchvision/efficientnet_b6",
        "torchvision/efficientnet_v2_s",
        "torchvision/maxvit_t",
        "torchvision/mnasnet0_75",
        "torchvision/mnasnet1_0",
        "torchvision/mnasnet1_3",
        "torchvision/mobilenet_v3_large",
        "torchvision/regnet_x_1_6gf",
        "torchvision/regnet_x_3_2gf",
        "torchvision/regnet_x_800mf",
        "torchvision/regnet_x_8gf",
        "torchvision/regnet_y_1_6gf",
        "torchvision/regnet_y_3_2gf",
        "torchvision/regnet_y_800mf",
        "torchvision/regnet_y_8gf",
        "torchvision/resnet101",
        "torchvision/shufflenet_v2_x1_5",
        "torchvision/swin_s",
        "torchvision/swin_v2_s",
        "torchvision/swin_v2_t",
    }
)
# Ten seconds and more each; others that `make test` takes have their operators.
SLOW = frozenset({"timm/botnet26t_256", "timm/hgnetv2_b0", "timm/resnetrs50"})
TOLERANCE = 1e-5  # of the largest |logit|
DROPPED_TOLERANCE = 1e-4  # the same, where sums are of fewer terms
SEEDS = (0,)  # of the students that are drawn in `make test`
MORE_SEEDS = tuple(range(1, 21))  # in `make test-all`
MORE_LARGE_SEEDS = (1, 2, 3)  # of a large network for real


def _params(names: list[str], seeds: tuple[int, ...], later: frozenset[str]) -> list[object]:
    return [
        pytest.param(name, seeds, id=name, marks=[pytest.mark.slow] if name in later else [])
        for name in names
    ]


ALL = frozenset(NETWORK_NAMES)
SMALL_NAMES = [name for name in NETWORK_NAMES if name not in LARGE_NETWORKS]
LARGE_NAMES = [name for name in NETWORK_NAMES if name in LARGE_NETWORKS]
TIMM = [name for name in NETWORK_NAMES if name.startswith("timm/")]
LATER = DEEPER | SLOW | {name for number, name in enumerate(TIMM) if number % TIMM_SHARE}


@pytest.mark.parametrize(("name", "seeds"), _params(SMALL_NAMES, SEEDS, LATER))
def test_a_network(name: str, seeds: tuple[int, ...], tmp_path: Path) -> None:
    _check(make_teacher(name, real=True), seeds, tmp_path)


@pytest.mark.parametrize(("name", "seeds"), _params(LARGE_NAMES, SEEDS, LATER))
def test_the_shapes_and_costs_of_a_large_network(
    name: str, seeds: tuple[int, ...], tmp_path: Path
) -> None:
    _check(make_teacher(name, real=False), seeds, tmp_path)


@pytest.mark.parametrize(("name", "seeds"), _params(LARGE_NAMES, MORE_LARGE_SEEDS, ALL))
def test_a_large_network_for_real(name: str, seeds: tuple[int, ...], tmp_path: Path) -> None:
    _check(make_teacher(name, real=True), seeds, tmp_path)


@pytest.mark.parametrize(("name", "seeds"), _params(list(NETWORK_NAMES), MORE_SEEDS, ALL))
def test_many_students_of_a_network(name: str, seeds: tuple[int, ...], tmp_path: Path) -> None:
    _check(make_teacher(name, real=name not in LARGE_NETWORKS), seeds, tmp_path)


def _check(teacher: Teacher, seeds: tuple[int, ...], folder: Path) -> None:
    _expect_known_size(teacher)
    _expect_reproduced(teacher, folder)
    if teacher.real and not _normalises_channels(teacher.space):
        for seed in seeds:
            _expect_units_dropped_alone(teacher, seed)
    for seed in seeds:
        _expect_exact_costs(teacher, seed, folder)


def _expect_known_size(teacher: Teacher) -> None:
    params = int(teacher.space.costs(teacher.space.teacher()).params)
    assert (params > LARGE) == (teacher.name in LARGE_NETWORKS), f"{params} parameters"


def _expect_reproduced(teacher: Teacher, folder: Path) -> None:
    """Without edits the student is the teacher, and its files give the teacher's logits."""
    space = teacher.space
    (edits,) = space.edits(space.teacher())
    assert edits == Edits((), {}, ()), "the teacher has edits"
    assert space.student(edits).hash == space.architecture.hash, "no edits change the network"
    if not teacher.real:
        return
    student = _read_back(space.architecture, inherit(space, edits, teacher.weights), folder)
    scale = float(teacher.logits.abs().max())
    assert scale > 1e-4, f"logits of at most {scale:.1e} can't be compared"
    off = _difference(student, teacher.images, teacher.logits)
    assert off <= TOLERANCE, f"the teacher's files give other logits: {off:.1e} of the largest"


def _normalises_channels(space: Space) -> bool:
    """Whether a layer's statistics are taken over channels that can be dropped."""
    return any(
        layer.op in {ops.LAYER_NORM, ops.GROUP_NORM} and space.channels.outputs[layer.name].size > 1
        for layer in space.architecture
    )


def _expect_units_dropped_alone(teacher: Teacher, seed: int) -> None:
    """Dropping units gives the logits of the teacher in which nobody reads them."""
    space = teacher.space
    kept, widths = _choose(space, np.random.default_rng(seed))
    whole = space.teacher()
    shrunk = space.rebuild(Candidates(whole.removed, widths, whole.skips), kept)
    student = build(shrunk, {name: _kept_part(teacher, name, kept) for name in shrunk.tensors})
    deaf = build(space.architecture, _without_readers(teacher, kept)).eval()
    with torch.no_grad():
        expected = deaf(teacher.images)
    off = _difference(student, teacher.images, expected)
    assert off <= DROPPED_TOLERANCE, (
        f"seed {seed}: dropping units changes what the others compute by {off:.1e} of the largest"
    )


def _choose(space: Space, generator: np.random.Generator) -> tuple[Kept, Tensor]:
    """Which units are kept, at least half of each group's, and how many: int64 `1 x G`."""
    kept = np.ones(space.channels.units + 1, dtype=np.bool_)
    widths = space.units[None].clone()
    for number, group in enumerate(space.groups):
        dropped = int(generator.integers(group.units // 2 + 1))
        kept[group.first_unit + generator.permutation(group.units)[:dropped]] = False
        widths[0, number] -= dropped
    return kept, widths


def _kept_part(teacher: Teacher, name: str, kept: Kept) -> Tensor:
    part = teacher.weights[name]
    for dim, units in enumerate(teacher.space.channels.tensors[name]):
        if units is not None:
            part = part.index_select(dim, torch.from_numpy(kept_positions(units, kept)))
    return part


def _without_readers(teacher: Teacher, kept: Kept) -> Mapping[str, Tensor]:
    """The teacher's weights, those zero that a weighted layer has for dropped units' inputs."""
    weights = dict(teacher.weights)
    for layer in teacher.space.architecture:
        if layer.op in ops.WEIGHTED:
            name = layer.tensors["weight"]
            units = teacher.space.channels.tensors[name][1]
            if units is not None:
                weights[name] = weights[name].clone()
                weights[name][:, torch.from_numpy(~kept[units])] = 0
    return weights


def _expect_exact_costs(teacher: Teacher, seed: int, folder: Path) -> None:
    """One random student: it is read as written, costs what was computed, and trains."""
    space = teacher.space
    candidate = _draw(space, seed)
    costs, (edits,) = space.costs(candidate), space.edits(candidate)
    architecture = space.student(edits)
    student = _built(teacher, edits, folder)
    params = sum(p.numel() for p in student.parameters())
    assert params == int(costs.params), f"seed {seed}: parameters"
    flops = _counted_flops(student, teacher.images[:1])
    assert flops == 2 * int(costs.macs), f"seed {seed}: MACs"
    counted = architecture_costs(architecture)
    assert counted.bytes == costs.bytes, f"seed {seed}: bytes"
    assert counted.activations == costs.activations, f"seed {seed}: activations"
    again = space.candidates([Edits.from_json(edits.to_json())])
    assert space.keys(again) == space.keys(candidate), f"seed {seed}: edits are read otherwise"
    _expect_trains(student, teacher, seed)


def _expect_trains(student: nn.Module, teacher: Teacher, seed: int) -> None:
    logits = student.train()(teacher.images)
    assert logits.shape == (BATCH, CLASSES), f"seed {seed}: the student's output"
    logits.square().sum().backward()
    wrong = [
        name for name, p in student.named_parameters() if p.grad is None or p.grad.shape != p.shape
    ]
    assert not wrong, f"seed {seed}: no gradients reach {wrong[:3]}"
    assert not teacher.real or bool(logits.isfinite().all()), f"seed {seed}: logits"


def _draw(space: Space, seed: int) -> Candidates:
    """A random candidate with each kind of edit that the space has."""
    drawn = space.sample(100, torch.Generator().manual_seed(seed))
    kinds = [drawn.removed, drawn.widths < space.units, drawn.skips]
    done = torch.stack([kind.any(dim=1) for kind in kinds]).sum(dim=0)
    row = int(done.argmax())
    there = sum((len(space.removals) > 0, bool((space.units > 1).any()), len(space.skips) > 0))
    assert int(done[row]) == there, f"seed {seed}: no candidate has all {there} kinds of edits"
    return drawn[row : row + 1]


def _built(teacher: Teacher, edits: Edits, folder: Path) -> nn.Module:
    """The student with the weights that it inherits, from its files where it is real."""
    architecture = teacher.space.student(edits)
    if teacher.real:
        return _read_back(architecture, inherit(teacher.space, edits, teacher.weights), folder)
    assert Architecture.from_json(architecture.to_json()) == architecture, "read otherwise: JSON"
    with weightless():
        return build(architecture)


def _read_back(
    architecture: Architecture, weights: Mapping[str, Tensor], folder: Path
) -> nn.Module:
    """Writes a network's files, expects the same from reading them, and builds that."""
    document, stored = folder / "architecture.json", folder / "weights.safetensors"
    document.write_text(architecture.to_json())
    save_file(dict(weights), stored)
    read, read_weights = Architecture.from_json(document.read_text()), load_file(stored)
    assert read == architecture, "read otherwise: JSON"
    assert read_weights.keys() == weights.keys(), "read otherwise: the tensors' names"
    other = [name for name, value in weights.items() if not value.equal(read_weights[name])]
    assert not other, f"read otherwise: {other[:3]}"
    return build(read, read_weights)


def _difference(module: nn.Module, images: Tensor, expected: Tensor) -> float:
    """How far the logits are from `expected`, as a share of the largest."""
    with torch.no_grad():
        logits = module.eval()(images)
    return float((logits - expected).abs().max() / expected.abs().max())


def _counted_flops(student: nn.Module, image: Tensor) -> int:
    """The operations that PyTorch counts for one image."""
    student = copy.deepcopy(student).to("meta").eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        student(image.to("meta"))
    return int(counter.get_total_flops())
