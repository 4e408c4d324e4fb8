import torch

import networks
from networks import Edits, Space
from tests.workers.report_page.findings import EDITS, student_architecture, teacher_architecture
from workers.report_page.layers import compare


def test_what_became_of_each_layer() -> None:
    found = compare(teacher_architecture(), student_architecture(), EDITS.to_json())
    kept = {pair.name: (pair.channels, pair.kept) for pair in found.layers}
    assert kept["conv1"] == (16, 16)
    assert kept["stages.1.0.conv1"] == (32, 8)
    assert kept["stages.2.0.conv1"] == (64, 16)
    assert kept["stages.0.1.conv1"] == kept["stages.0.1.conv2"] == (16, None)
    assert kept["stages.1.1.conv1"] == (32, None)
    assert kept["fc"] == (10, 10)
    assert len(found.layers) == 22


def test_layers_are_described_in_words() -> None:
    found = compare(teacher_architecture(), student_architecture(), EDITS.to_json())
    kinds = {pair.name: pair.kind for pair in found.layers}
    assert kinds["conv1"] == "3×3 convolution"
    assert kinds["stages.1.0.conv1"] == "3×3 convolution, stride 2"
    assert kinds["fc"] == "linear"


def test_skips_stand_at_the_layers_whose_outputs_they_join() -> None:
    found = compare(teacher_architecture(), student_architecture(), EDITS.to_json())
    names = [found.layers[number].name for skip in found.skips for number in skip]
    assert names == ["stages.1.0.shortcut.0", "stages.1.2.conv1", "conv1", "stages.0.0.conv1"]


def test_without_edits_nothing_has_changed() -> None:
    teacher = teacher_architecture()
    found = compare(teacher, teacher, Edits((), {}, ()).to_json())
    assert all(pair.kept == pair.channels for pair in found.layers)
    assert found.skips == ()


def test_grouped_convolutions_are_named() -> None:
    module = networks.network("zoo/shufflenet", 10, 3)
    architecture = networks.trace(module, torch.zeros(1, 3, 32, 32)).architecture
    space = Space(architecture, 8)
    drawn = space.edits(space.sample(1, torch.Generator().manual_seed(0)))[0]
    found = compare(architecture, space.student(drawn), drawn.to_json())
    assert any("depthwise convolution" in pair.kind for pair in found.layers)
    assert any(pair.kept != pair.channels for pair in found.layers)
