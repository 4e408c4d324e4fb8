from __future__ import annotations

import pytest
import torch

from networks import Edits, Space
from networks.latency_features import LATENCY_FEATURES
from tests.networks.conftest import space_of

MACS = [i for i, name in enumerate(LATENCY_FEATURES) if name.startswith("MACs")]
ELEMENTS = [i for i, name in enumerate(LATENCY_FEATURES) if name.startswith("elements")]
LAYERS = [i for i, name in enumerate(LATENCY_FEATURES) if name.startswith("layers")]


@pytest.mark.parametrize("name", ["zoo/resnet20", "zoo/shufflenet", "torchvision/mobilenet_v2"])
def test_the_kinds_sum_to_the_costs(name: str) -> None:
    space = space_of(name)
    candidates = space.sample(30, torch.Generator().manual_seed(0))
    features, costs = space.latency_features(candidates).double(), space.costs(candidates)
    image = torch.Size(space.architecture.input_shape).numel()
    assert torch.allclose(features[:, MACS].sum(1), costs.macs.double(), rtol=1e-6)
    elements = features[:, ELEMENTS].sum(1) + image
    assert torch.allclose(elements, costs.activations.double(), rtol=1e-6)
    weights = features[:, LATENCY_FEATURES.index("bytes of weights")]
    assert torch.allclose(weights, costs.bytes.double(), rtol=1e-6)
    for i, edits in enumerate(space.edits(candidates)):
        assert int(features[i, LAYERS].sum()) == len(space.student(edits)) - 1


def test_each_kind_is_told_from_the_others() -> None:
    space = space_of("torchvision/mobilenet_v2")
    (features,) = space.latency_features(space.teacher()).tolist()
    named = dict(zip(LATENCY_FEATURES, features, strict=True))
    assert named["layers of product"] == len(space.layers)
    assert named["layers of normalisation"] == 52
    assert named["MACs of grouped convolution"] == 0
    assert named["MACs of other product"] == 7 * 1280
    assert named["MACs of depthwise convolution"] > named["MACs of wide convolution"] > 0


def test_one_edit_changes_what_it_touches_alone(resnet20_space: Space) -> None:
    space = resnet20_space
    skip = space.skips[0]
    plain, skipped = space.latency_features(
        space.candidates([Edits((), {}, ()), Edits((), {}, ((skip.start, skip.end),))])
    )
    changed = [LATENCY_FEATURES[i] for i in (plain != skipped).nonzero()[:, 0].tolist()]
    assert changed == ["elements of element by element", "layers of element by element"]
