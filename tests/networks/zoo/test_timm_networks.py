from __future__ import annotations

import sys

import pytest

from networks import NetworkError, weightless
from networks.zoo.timm_networks import TIMM_NAMES, timm_network, timm_size


def test_every_name_is_one_of_timms() -> None:
    import timm

    assert {name.removeprefix("timm/") for name in TIMM_NAMES} <= set(timm.list_models())


def test_no_weights_are_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("it looks for weights")

    monkeypatch.setattr("timm.models._builder.load_pretrained", refuse)
    with weightless():
        assert sum(p.numel() for p in timm_network("timm/lcnet_035", 7, 3).parameters()) > 0


def test_without_timm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(NetworkError, match=r"stillhouse\[timm\]"):
        timm_network("timm/lcnet_035", 7, 3)
    with pytest.raises(NetworkError, match=r"stillhouse\[timm\]"):
        timm_size("timm/lcnet_035")
