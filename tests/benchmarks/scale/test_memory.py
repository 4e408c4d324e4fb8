import pytest

from benchmarks.scale.memory import TIMES, Memory


@pytest.mark.parametrize("trials", [TIMES, 25, 4000])
def test_memory_is_read_before_the_first_trial_and_at_equal_shares_of_them(trials: int) -> None:
    memory = Memory(trials)
    read_at: list[int] = []
    assert len(memory.resident_mb) == 1
    for number in range(1, trials + 1):
        memory.trial_begun()
        if len(memory.resident_mb) == len(read_at) + 2:
            read_at.append(number)
    assert len(memory.resident_mb) == TIMES + 1
    assert read_at == [-(-trials * share // TIMES) for share in range(1, TIMES + 1)]
    assert all(megabytes > 10 for megabytes in memory.resident_mb)
