import pytest
import ray

from workers.machines import Needs, most_cpus

MACHINES = [
    {"Alive": False, "Resources": {"CPU": 128.0, "GPU": 8.0, "memory": 9e9}},
    {"Alive": True, "Resources": {"memory": 9e9}},
    {"Alive": True, "Resources": {"CPU": 64.0, "memory": 4e9}},
    {"Alive": True, "Resources": {"CPU": 16.0, "GPU": 1.0, "memory": 2e9}},
]


@pytest.mark.parametrize(
    ("needs", "cpus"),
    [
        (Needs(1), 64),
        (Needs(1, memory_bytes=4_000_000_000), 64),
        (Needs(1, gpus=0.5), 16),
        (Needs(1, gpus=1, memory_bytes=2_000_000_001), 0),
        (Needs(1, gpus=2), 0),
    ],
)
def test_the_largest_machine_is_one_that_lives_and_has_all_else(
    needs: Needs, cpus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "nodes", lambda: MACHINES)
    assert most_cpus(needs) == cpus


def test_what_is_needed_is_named_as_in_a_request() -> None:
    assert str(Needs(4)) == "cpus 4"
    assert str(Needs(0, 0.5, 2**20)) == "gpus 0.5, memory_bytes 1.04858e+06"
