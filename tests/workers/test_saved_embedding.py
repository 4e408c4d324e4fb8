import pytest

from app.artifacts import Artifacts
from app.database import Database
from embedding import EmbeddingProposer, SavedEmbedding
from tests.workers.jobs import held_work, quick_student_files
from workers.preparation import Prepared, prepare
from workers.proposing import job_proposer
from workers.saved_embedding import save_embedding
from workers.search import Search
from workers.work import Work


@pytest.fixture(autouse=True)
def _quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)


def _searched(
    database: Database, artifacts: Artifacts, evaluations: int
) -> tuple[Work, Prepared, EmbeddingProposer]:
    search = {"strategy": "embedding", "kernels": 3, "evaluations": evaluations}
    work = held_work(database, artifacts, search=search)
    prepared = prepare(work)
    proposer = Search(work, prepared).run()
    assert isinstance(proposer, EmbeddingProposer)
    return work, prepared, proposer


def test_every_kernel_has_learned_from_the_trials_that_are_named(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared, proposer = _searched(database, artifacts, 5)
    before = proposer.embedding({}).fits
    saved = save_embedding(work, proposer, prepared)
    assert saved is not None
    read = SavedEmbedding.from_bytes(artifacts.read_bytes(saved.key))
    assert read.fits == tuple(fits + 1 for fits in before)
    assert read.provenance == {
        "job": work.job.id,
        "teacher": "zoo/resnet20",
        "dataset": work.job.request.dataset.id,
        "trials": 5,
    }
    assert (saved.trials, saved.kernels, len(read.kernels)) == (5, 3, 3)


def test_a_search_without_any_completed_trial_saves_nothing(
    database: Database, artifacts: Artifacts
) -> None:
    work = held_work(database, artifacts, search={"strategy": "embedding", "kernels": 3})
    prepared = prepare(work)
    assert save_embedding(work, job_proposer(work, prepared, None), prepared) is None
    assert not artifacts.exists(f"embeddings/{work.job.id}-{work.lease.fence}.safetensors")


def test_a_random_search_has_learned_nothing_to_save(
    database: Database, artifacts: Artifacts
) -> None:
    work = held_work(database, artifacts)
    prepared = prepare(work)
    assert save_embedding(work, job_proposer(work, prepared, None), prepared) is None
