import torch

from embedding.first_trials import FIRST_TRIALS, OCTAVES, first_trial
from embedding.objective import Limits, Objective
from networks import Costs, LayerTable

SIZES = torch.logspace(1, 6, 2001).long()
COSTS = Costs(SIZES, SIZES, SIZES, SIZES)


def _table(out_channels: torch.Tensor) -> LayerTable:
    """Candidates of chains without any removal, `n x L` channels."""
    n, layers = out_channels.shape
    return LayerTable(
        alive=torch.ones(n, layers, dtype=torch.bool),
        in_channels=out_channels,
        out_channels=out_channels,
        feeds=torch.zeros(n, layers, layers, dtype=torch.bool),
        joins=torch.zeros(n, layers, dtype=torch.int64),
    )


WIDE = _table(torch.full((len(SIZES), 3), 16))


def _octaves_below(kind: str, teacher: int, largest: float) -> list[float]:
    objective = Objective("score" if kind == "score" else "accuracy", Limits(), teacher, 0.9)
    rows = [first_trial(COSTS, WIDE, objective, number) for number in range(FIRST_TRIALS)]
    return (largest / SIZES[rows]).log2().tolist()


def test_sizes_are_spread_evenly_from_the_largest_down() -> None:
    below = _octaves_below("accuracy", 10**6, 1e6)
    step = OCTAVES / FIRST_TRIALS
    expected = torch.arange(FIRST_TRIALS) * step
    torch.testing.assert_close(torch.tensor(sorted(below)), expected, atol=0.05, rtol=0)
    assert below[0] < 0.05


def test_the_first_few_already_cover_the_range() -> None:
    below = _octaves_below("accuracy", 10**6, 1e6)[:4]
    assert max(below) - min(below) > 0.7 * OCTAVES


def test_sizes_whose_score_cannot_win_are_left_out() -> None:
    # (1 - ratio^2) >= 0.9 at ratio <= 0.316.
    below = _octaves_below("score", 10**6, 1e6 * 0.1**0.5)
    assert -0.05 < min(below) < 0.05


def test_networks_too_small_to_learn_are_left_out() -> None:
    assert max(_octaves_below("accuracy", 10**6, 1e6)) < OCTAVES


def test_one_candidate_is_chosen() -> None:
    one = Costs(*(torch.tensor([7]) for _ in range(4)))
    objective = Objective("score", Limits(), 10, 0.9)
    assert first_trial(one, _table(torch.tensor([[1, 1]])), objective, 5) == 0


def test_bottlenecks_are_left_out_while_there_are_others() -> None:
    costs = Costs(*(torch.tensor([900, 800, 700, 600]) for _ in range(4)))
    channels = torch.tensor([[16, 3, 10], [16, 4, 2], [16, 16, 10], [2, 16, 10]])
    objective = Objective("accuracy", Limits(), 1000, 0.9)
    chosen = {first_trial(costs, _table(channels), objective, number) for number in range(8)}
    # The last layer's channels are the classes: they are no bottleneck.
    assert chosen == {1, 2}


def test_a_removed_layer_is_no_bottleneck_nor_one_as_narrow_as_the_teachers() -> None:
    costs = Costs(*(torch.tensor([900, 800]) for _ in range(4)))
    table = _table(torch.tensor([[2, 1, 10], [1, 16, 10]]))
    table.alive[0, 1] = False
    objective = Objective("accuracy", Limits(), 1000, 0.9)
    chosen = {first_trial(costs, table, objective, number) for number in range(8)}
    assert chosen == {0}
