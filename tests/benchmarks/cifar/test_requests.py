from __future__ import annotations

from app.requests import JobRequest
from benchmarks.cifar.requests import Limits, request
from benchmarks.cifar.runs import METHODS, Key

LIMITS = Limits(210.0, 2, 3)


def test_the_server_takes_all_of_them_and_only_the_search_differs() -> None:
    found = {
        method: JobRequest.model_validate(request(Key(5, method), LIMITS, "tch_1", "dst_1", 3))
        for method in METHODS
    }
    same = [(x.teacher, x.dataset, x.objective, x.constraints, x.training) for x in found.values()]
    assert same[0] == same[1] == same[2]
    assert [x.search.strategy for x in found.values()] == list(METHODS)
    assert {x.search.seed for x in found.values()} == {5}
    searches = [found[method].search for method in METHODS[:2]]
    assert [x.max_wall_s for x in searches] == [210.0, 210.0]
    assert [x.parallel for x in searches] == [2, 2]
    assert found["adapruner"].search.max_wall_s is None
    training = found["random"].training
    assert (training.search_epochs, training.final_epochs, training.final_students) == (2, 3, 1)
    assert found["random"].constraints.params_ratio == 0.25
