import pytest
import torch

import networks
from networks import Space
from workers.estimate_space import DRAWN, Survey, group_rows, histogram, histograms


@pytest.fixture(scope="module")
def survey() -> Survey:
    traced = networks.trace(networks.network("zoo/resnet20", 10, 1), torch.zeros(2, 1, 8, 8))
    return Survey.of(Space(traced.architecture), seed=0)


def test_enough_is_drawn_and_the_same_again(survey: Survey) -> None:
    assert len(survey.drawn) == DRAWN >= 1000
    again = Survey.of(survey.space, seed=0)
    assert torch.equal(again.costs.params, survey.costs.params)
    assert not torch.equal(Survey.of(survey.space, seed=1).costs.params, survey.costs.params)


def test_three_students_stand_for_the_space(survey: Survey) -> None:
    found = {name: survey.described(one) for name, one in survey.students.items()}
    smallest, median, largest = (found[n]["params"] for n in ("smallest", "median", "largest"))
    assert smallest <= int(survey.costs.params.min())
    assert largest < survey.teacher["params"]
    below = int((survey.costs.params < median).sum())
    assert abs(below - DRAWN / 2) < DRAWN / 50
    assert found["median"]["params_ratio"] == median / survey.teacher["params"]
    assert found["median"]["activations"] > 0


def test_a_group_tells_its_units_and_channels(survey: Survey) -> None:
    rows = group_rows(survey.space)
    assert [row["name"] for row in rows] == [group.name for group in survey.space.groups]
    assert all(row["channels"] == row["units"] for row in rows)  # nothing of it is shuffled


def test_a_group_that_rounding_leaves_with_one_width_can_not_shrink(survey: Survey) -> None:
    rough = Space(survey.space.architecture, round_to=32)
    rows = group_rows(rough)
    assert 0 < len(rows) < len(rough.groups)
    assert {row["units"] for row in rows} == {64}
    assert len(rows) == sum(group.units == 64 for group in rough.groups)


def test_a_histogram_counts_every_value_between_its_edges() -> None:
    values = torch.tensor([0.01, 0.1, 0.1, 1.0])
    found = histogram(values, torch.tensor([True, True, False, False]))
    edges, counts, kept = found["edges"], found["counts"], found["kept"]
    assert isinstance(edges, list)
    assert isinstance(counts, list)
    assert isinstance(kept, list)
    assert (edges[0], edges[-1]) == pytest.approx((0.01, 1.0))
    assert (sum(counts), sum(kept)) == (4, 2)
    assert (counts[0], counts[-1]) == (1, 1)
    assert max(counts) == 2


def test_values_that_are_all_the_same_have_a_histogram() -> None:
    found = histogram(torch.full((5,), 0.5), torch.ones(5, dtype=torch.bool))
    assert sum(found["counts"]) == 5  # type: ignore[call-overload]


def test_latency_has_a_histogram_where_it_is_known(survey: Survey) -> None:
    kept = torch.ones(DRAWN, dtype=torch.bool)
    assert set(histograms(survey, kept, None)) == {"params_ratio", "macs_ratio"}
    assert "latency_ms" in histograms(survey, kept, torch.rand(DRAWN) + 0.1)
