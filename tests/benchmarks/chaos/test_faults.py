from collections import Counter

from benchmarks.chaos.faults import ANY_DATABASE, draw_faults


def test_every_kind_is_dealt_as_often_as_any_other() -> None:
    faults = draw_faults(ANY_DATABASE, 40, seed=1, lease_s=2.0)
    counts = Counter(fault.kind for fault in faults)
    assert [fault.number for fault in faults] == list(range(40))
    assert set(counts) == set(ANY_DATABASE)
    assert sorted(counts.values()) == [3] * 8 + [4] * 4


def test_what_passes_lasts_longer_than_a_lease() -> None:
    faults = draw_faults(ANY_DATABASE, 200, seed=1, lease_s=2.0)
    assert all(2.0 < fault.lasts_s <= 5.0 for fault in faults)


def test_a_seed_gives_the_same_faults() -> None:
    first, again, other = (draw_faults(ANY_DATABASE, 20, seed, 2.0) for seed in (1, 1, 2))
    assert first == again
    assert first != other
