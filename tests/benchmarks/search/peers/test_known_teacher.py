from __future__ import annotations

from benchmarks.search.peers.known_teacher import helps_a_gaussian_process
from benchmarks.search.tasks import TASKS


def test_of_the_score_alone_the_teacher_is_far_off() -> None:
    assert [x for x in TASKS if not helps_a_gaussian_process(TASKS[x])] == ["score"]
