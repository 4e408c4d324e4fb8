from pathlib import Path
from typing import get_args

import pytest

import embedding
import networks
from app import catalog
from app.requests import ObjectiveRequest, SearchRequest
from workers.data import load_digits
from workers.torchvision_dataset import PUBLISHED


def test_the_networks_are_the_real_ones() -> None:
    assert catalog.NETWORK_NAMES == networks.NETWORK_NAMES


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("zoo/resnet2", "zoo/resnet20"),
        ("resnet18", "zoo/resnet18, torchvision/resnet18"),
        ("zoo/resnet50", "torchvision/resnet50"),
        ("torchvision/MobileNetV2", "torchvision/mobilenet_v2"),
        ("timm/mobilenet_v2", "torchvision/mobilenet_v2"),
    ],
)
def test_an_unknown_network_is_told_with_what_may_be_meant(name: str, meant: str) -> None:
    told = catalog.unknown_network(name)
    assert f"there is no network {name!r}; did you mean " in told
    assert meant in told
    assert told.count("/") <= 6  # its own, three others, and the document
    assert "docs/teachers.md lists all names" in told


def test_nothing_is_meant_by_a_name_like_no_other() -> None:
    told = catalog.unknown_network("qqqqqqq" * 10_000)
    assert "did you mean" not in told
    assert len(told) < 300


def test_all_names_are_listed_where_a_refusal_says() -> None:
    listed = Path("docs/teachers.md").read_text("utf-8").partition("## Networks by name")[2]
    for source, _, own in (name.partition("/") for name in catalog.NETWORK_NAMES):
        (line,) = [line for line in listed.splitlines() if line.startswith(f"- `{source}/`")]
        assert own in line.partition(": ")[2].split(", ")


def test_the_datasets_have_as_many_classes_as_they_say() -> None:
    published = {name: one.classes for name, one in PUBLISHED.items()}
    assert published | {"digits": len(load_digits().classes)} == catalog.DATASET_CLASSES


@pytest.mark.parametrize("name", [*catalog.DATASET_NAMES, "folder/imagenet", "folder/v1.2_a-b"])
def test_these_may_be_datasets(name: str) -> None:
    assert catalog.is_dataset_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "cifar10",
        "torchvision/mnist",
        "folder/",
        "folder/..",
        "folder/a/b",
        "folder/.x",
        "folder/a\n",
    ],
)
def test_these_are_no_datasets_and_those_there_are_are_told(name: str) -> None:
    assert not catalog.is_dataset_name(name)
    told = catalog.unknown_dataset(name)
    assert repr(name) in told
    assert all(known in told for known in (*catalog.DATASET_NAMES, "folder/NAME"))


def test_all_datasets_are_listed_where_a_refusal_says() -> None:
    listed = Path("docs/datasets.md").read_text("utf-8")
    assert [name for name in catalog.DATASET_NAMES if f"`{name}`" not in listed] == []


def test_the_strategies_are_the_real_ones() -> None:
    assert catalog.STRATEGIES == embedding.STRATEGIES
    assert get_args(SearchRequest.model_fields["strategy"].annotation) == catalog.STRATEGIES


def test_the_objectives_are_those_of_a_request() -> None:
    assert get_args(ObjectiveRequest.model_fields["kind"].annotation) == catalog.OBJECTIVES
