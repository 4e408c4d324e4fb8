from dataclasses import replace

import torch

from embedding.objective import Limits, Objective
from embedding.pool import draw_pool
from networks import Space


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _limited(space: Space, ratio: float) -> Objective:
    params = int(space.costs(space.teacher()).params)
    return Objective("score", Limits(params=int(ratio * params)), params, 0.9)


def test_candidates_are_distinct_feasible_and_new(space: Space) -> None:
    objective = _limited(space, 0.3)
    taken = set(space.keys(space.sample(200, _generator())))
    pool = draw_pool(space, objective, taken, 300, _generator())
    keys = space.keys(pool)
    assert len(keys) == len(set(keys)) == 300
    assert not taken & set(keys)
    assert objective.feasible(space.costs(pool)).all()


def test_half_of_the_draws_mutate_the_parents(space: Space) -> None:
    parents = space.sample(1, _generator())
    pool = draw_pool(space, _limited(space, 1), set(), 400, _generator(), parents)
    changed = (pool.widths != parents.widths).sum(1) + (pool.removed != parents.removed).sum(1)
    near = int((changed <= 2).sum())
    plain = draw_pool(space, _limited(space, 1), set(), 400, _generator())
    changed = (plain.widths != parents.widths).sum(1) + (plain.removed != parents.removed).sum(1)
    assert near > 20 + int((changed <= 2).sum())


def test_tight_limits_are_reached_by_walking(space: Space) -> None:
    smallest = int(space.costs(space.smallest()).params)
    params = int(space.costs(space.teacher()).params)
    objective = _limited(space, 1.5 * smallest / params)
    pool = draw_pool(space, objective, set(), 50, _generator())
    assert len(pool) == 50
    assert (space.costs(pool).params <= 1.5 * smallest).all()


def test_a_small_space_gives_all_it_has(three: Space) -> None:
    pool = draw_pool(three, _limited(three, 1), set(), 100, _generator())
    assert sorted(pool.widths.flatten().tolist()) == [1, 2, 3]
    assert len(draw_pool(three, _limited(three, 1), set(three.keys(pool)), 1, _generator())) == 0


def test_the_same_generator_draws_the_same(space: Space) -> None:
    first, second = (
        space.keys(draw_pool(space, _limited(space, 0.5), set(), 20, _generator()))
        for _ in range(2)
    )
    assert first == second


def test_what_the_screen_leaves_out_is_not_drawn(space: Space) -> None:
    screened = replace(_limited(space, 1), screen=lambda drawn: drawn.widths[:, 0] == 3)
    pool = draw_pool(space, screened, set(), 30, _generator())
    assert len(pool) == 30
    assert (pool.widths[:, 0] == 3).all()
