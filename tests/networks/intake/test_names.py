"""What must be refused is in the corpus of hostile teachers; here is what is taken."""

from __future__ import annotations

import pytest

from networks.intake.names import expect_names, taken_parts
from tests.networks.conftest import SMALL, traced


@pytest.mark.parametrize("name", SMALL)
def test_our_networks_have_safe_names(name: str) -> None:
    expect_names(traced(name).architecture)


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("layer1.0.conv", []),
        ("blocks.graph.weight", []),
        ("graph.weight", ["graph"]),
        ("recompile", ["recompile"]),
        ("blocks.training.weight", ["training"]),
        ("blocks.lambda.self", ["lambda", "self"]),
    ],
)
def test_the_root_has_more_names_of_its_own_than_a_module(path: str, taken: list[str]) -> None:
    assert taken_parts(path) == taken
