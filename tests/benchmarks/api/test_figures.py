import pytest

from benchmarks.api.figures import mean_and_error, nearest_rank, percentiles, table


def test_percentiles_are_figures_that_were_measured() -> None:
    found = percentiles([float(n) for n in range(100, 0, -1)])
    assert found == {"n": 100, "p50_ms": 50, "p95_ms": 95, "p99_ms": 99, "max_ms": 100}
    assert percentiles([7.0]) == {"n": 1, "p50_ms": 7, "p95_ms": 7, "p99_ms": 7, "max_ms": 7}


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 1.0), (0.5, 2.0), (0.51, 3.0), (1.0, 4.0)])
def test_so_great_a_share_is_not_above(share: float, wanted: float) -> None:
    assert nearest_rank([1.0, 2.0, 3.0, 4.0], share) == wanted


def test_runs_have_a_mean_and_its_error() -> None:
    assert mean_and_error([2.0]) == {"mean": 2.0}
    assert mean_and_error([1.0, 2.0, 3.0]) == {"mean": 2.0, "se": 0.58}


def test_the_most_frequent_kind_comes_first() -> None:
    lines = table({"rare": percentiles([1.0]), "often": percentiles([1.0, 2.0])}).splitlines()
    assert [line.split()[0] for line in lines] == ["often", "rare"]
