from dataclasses import replace

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from app.records import TrialRecord
from embedding import Observation, RandomProposer, derive_seed
from networks import Edits
from tests.workers.jobs import held_work
from workers.preparation import Prepared, prepare
from workers.proposing import job_proposer, new_trials, tell
from workers.work import Work


@pytest.fixture
def prepared_work(database: Database, artifacts: Artifacts) -> tuple[Work, Prepared]:
    work = held_work(database, artifacts, search={"strategy": "embedding", "kernels": 2})
    return work, prepare(work)


def test_new_trials_have_exact_costs_hashes_and_seeds(
    prepared_work: tuple[Work, Prepared],
) -> None:
    _, prepared = prepared_work
    drawn = prepared.space.sample(3, torch.Generator().manual_seed(1))
    costs = prepared.space.costs(drawn)
    edits = prepared.space.edits(drawn)
    trials = new_trials(prepared, 9, 5, edits, None)
    assert [t.number for t in trials] == [5, 6, 7]
    assert [t.params for t in trials] == costs.params.tolist()
    assert [t.macs for t in trials] == costs.macs.tolist()
    assert [t.bytes for t in trials] == costs.bytes.tolist()
    assert [t.seed for t in trials] == [derive_seed(9, "trial", n) >> 10 for n in (5, 6, 7)]
    assert max(t.seed for t in trials) < 2**53
    assert [t.hash for t in trials] == [prepared.space.student(e).hash for e in edits]
    assert [Edits.from_json(t.edits) for t in trials] == edits


def test_a_continued_proposer_goes_on_as_the_first_would_have(
    prepared_work: tuple[Work, Prepared],
) -> None:
    work, prepared = prepared_work
    first = job_proposer(work, prepared, None)
    asked = first.ask(5)
    observations = [Observation(n, e, 0.5 + n / 20) for n, e in enumerate(asked)]
    first.tell(observations, [])
    asked += first.ask(1)
    key = work.artifacts.put_bytes("state", first.state()).key
    continued = job_proposer(work, prepared, key)
    observations.append(Observation(5, asked[5], 0.7))
    for proposer in (first, continued):
        proposer.tell(observations, [])
    assert first.ask(2) == continued.ask(2)


def test_what_is_told_is_every_trial_by_its_state(prepared_work: tuple[Work, Prepared]) -> None:
    _, prepared = prepared_work
    edits = prepared.space.edits(prepared.space.sample(4, torch.Generator().manual_seed(1)))
    told: list[object] = []

    class Listener(RandomProposer):
        def tell(self, completed: object, pending: object) -> None:
            told.extend([completed, pending])

    def trial(number: int, state: str, accuracy: float | None) -> TrialRecord:
        (new,) = new_trials(prepared, 0, number, [edits[number]], None)
        return TrialRecord(
            number=number,
            state=state,  # type: ignore[arg-type]
            hash=new.hash,
            edits=new.edits,
            params=new.params,
            macs=new.macs,
            bytes=new.bytes,
            seed=new.seed,
            attempts=0,
            accuracy=accuracy,
            score=accuracy,
            epochs=1,
            duration_s=1.0,
            weights_key=None,
            error=None,
        )

    listener = Listener.__new__(Listener)
    states = [("completed", 0.5), ("failed", None), ("running", None), ("queued", None)]
    tell(listener, [trial(n, *state) for n, state in enumerate(states)])
    assert told == [
        [Observation(0, edits[0], 0.5), Observation(1, edits[1], None)],
        [edits[2], edits[3]],
    ]
    told.clear()
    known = [
        replace(trial(0, "completed", 0.5 + n / 100), curve=(0.25 + n / 100, 0.5 + n / 100))
        for n in range(6)
    ]
    stopped = replace(trial(1, "stopped", None), curve=(0.2,))
    tell(listener, [*known, stopped])
    observed = told[0]
    assert isinstance(observed, list)
    assert observed[-1].number == 1
    assert observed[-1].accuracy == pytest.approx(0.45, abs=0.03)


def test_a_state_that_is_gone_or_broken_is_learned_again(
    prepared_work: tuple[Work, Prepared], caplog: pytest.LogCaptureFixture
) -> None:
    work, prepared = prepared_work
    work.artifacts.put_bytes("broken", b"not safetensors")
    new = job_proposer(work, prepared, None).ask(2)
    for key, told in (("gone", "gone is gone"), ("broken", "learn anew")):
        assert job_proposer(work, prepared, key).ask(2) == new
        assert told in caplog.text
