from typing import get_args

import embedding
import networks
from app import catalog
from app.requests import ObjectiveRequest, SearchRequest


def test_the_networks_are_the_real_ones() -> None:
    assert catalog.NETWORK_NAMES == networks.NETWORK_NAMES


def test_the_strategies_are_the_real_ones() -> None:
    assert catalog.STRATEGIES == embedding.STRATEGIES
    assert get_args(SearchRequest.model_fields["strategy"].annotation) == catalog.STRATEGIES


def test_the_objectives_are_those_of_a_request() -> None:
    assert get_args(ObjectiveRequest.model_fields["kind"].annotation) == catalog.OBJECTIVES
