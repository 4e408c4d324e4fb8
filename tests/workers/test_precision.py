import itertools
import json
from collections.abc import Callable

import pytest
import torch

from tests.workers.samples import small_network
from workers.precision import (
    TIMED_STEPS,
    Precision,
    available,
    choose_precision,
    choose_threads,
)

PLAIN = Precision()
FAST = Precision("bfloat16", "channels_last")
IMAGES = torch.randn(8, 1, 8, 8)


def _clock(*step_s: float) -> Callable[[], float]:
    """A clock by which the n-th choice's steps take the n-th number of seconds."""
    steps = itertools.chain.from_iterable([s] * (TIMED_STEPS + 1) for s in step_s)
    ticks = itertools.accumulate(itertools.chain.from_iterable((0.0, s) for s in steps))
    return lambda: next(ticks)


@pytest.mark.parametrize(
    ("plain_s", "fast_s", "chosen"), [(1.0, 0.5, FAST), (1.0, 0.95, PLAIN), (0.5, 1.0, PLAIN)]
)
def test_the_clearly_fastest_is_chosen(plain_s: float, fast_s: float, chosen: Precision) -> None:
    found = choose_precision(small_network(), IMAGES, _clock(plain_s, fast_s), [PLAIN, FAST])
    assert found.name == chosen.name
    assert found.step_ms is not None
    assert found.step_ms["float32/contiguous"] == pytest.approx(1000 * plain_s)
    assert found.step_ms["bfloat16/channels_last"] == pytest.approx(1000 * fast_s)


def test_choosing_leaves_the_module_as_it_was() -> None:
    module = small_network()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    choose_precision(module, IMAGES)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(parameter.grad is None for parameter in module.parameters())


@pytest.mark.parametrize(("many_s", "threads"), [(0.5, 2), (0.8, 1)])
def test_more_threads_must_pay(many_s: float, threads: int) -> None:
    before = torch.get_num_threads()
    found = choose_threads(small_network(), IMAGES, PLAIN, 2, _clock(1.0, many_s))
    assert found == threads
    assert torch.get_num_threads() == before


def test_plain_float32_is_always_available_and_first() -> None:
    assert available()[0].name == "float32/contiguous"


def test_bfloat16_computes_in_bfloat16_and_plain_does_not() -> None:
    module, x = FAST.place(small_network()), FAST.place_images(IMAGES)
    with FAST.autocast():
        assert module(x).dtype == torch.bfloat16
    with PLAIN.autocast():
        assert module(x).dtype == torch.float32


def test_channels_last_holds_for_weights_and_images_and_can_be_undone() -> None:
    images = torch.randn(2, 3, 4, 4)
    module = FAST.place(small_network(channels=3))
    weight = next(module.parameters())
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert FAST.place_images(images).is_contiguous(memory_format=torch.channels_last)
    assert next(PLAIN.place(module).parameters()).is_contiguous()


def test_json_holds_the_choice() -> None:
    precision = Precision("bfloat16", "channels_last", "cpu", {"float32/contiguous": 1.5}, 2)
    assert Precision.from_json(json.loads(json.dumps(precision.to_json()))) == precision
