import random

from benchmarks.scale.simulated_pool import SimulatedPool, Trials
from benchmarks.scale.virtual_time import Turn, run_in_turns


def test_what_has_not_ended_is_waited_for_only_where_it_may_be() -> None:
    begun: list[int] = []
    ended: list[list[object]] = []

    def search(turn: Turn) -> None:
        trials = Trials(mean_s=100.0, spread=0.0, failing=0.0)
        pool = SimulatedPool(
            turn=turn,
            trials=trials,
            draws=random.Random(0),
            on_trial=lambda: begun.append(len(begun)),
        )
        pool.send(0, print)
        ended.append([one.key for one in pool.wait(0.0)])
        turn.spend(60.0)
        pool.send(1, print)
        turn.spend(60.0)
        ended.append([one.key for one in pool.wait(0.0)])
        ended.append([one.key for one in pool.wait(1.0)])
        assert turn.now_s == 160.0

    run_in_turns([search], lambda: 0.0)
    assert begun == [0, 1]
    assert ended == [[], [0], [1]]
