"""A job's proposer: made from its request, continued from its state on record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from app.embeddings import get_embedding
from app.problems import NotFound
from app.records import NewTrial, TrialRecord
from embedding import (
    EmbeddingError,
    InfeasibleConstraint,
    Observation,
    Proposer,
    SavedEmbedding,
    SearchSettings,
    Source,
    derive_seed,
    make_proposer,
)
from networks import Edits
from workers.preparation import Prepared
from workers.problems import InfeasibleConstraints, UnusableEmbedding
from workers.stopping import likely_accuracy
from workers.work import Work

log = logging.getLogger(__name__)

_OVER_53_BITS = 10  # of a seed's 63: browsers read a larger number of JSON as another one


def job_proposer(work: Work, prepared: Prepared, proposer_key: str | None) -> Proposer:
    """Returns the job's proposer, as it was when it proposed the newest trials.

    Raises:
        UnusableEmbedding: the embedding to start from is gone or of another version.
    """
    search = work.job.request.search
    try:
        return make_proposer(
            search.strategy,
            prepared.space,
            prepared.objective,
            SearchSettings(search.kernels, work.job.seed),
            _state(work, proposer_key),
            starting_embedding(work),
            None if search.embedding is None else search.embedding.mode,
            prepared.first,
        )
    except InfeasibleConstraint as error:
        raise InfeasibleConstraints(str(error)) from error
    except EmbeddingError as error:
        raise UnusableEmbedding.because(str(error)) from error


def _state(work: Work, proposer_key: str | None) -> bytes | None:
    """Returns where the search was; what is lost it learns again from its trials."""
    if proposer_key is None:
        return None
    try:
        return work.artifacts.read_bytes(proposer_key)
    except FileNotFoundError:
        log.warning("%s: the search's state %s is gone", work.job.id, proposer_key)
        return None


def tell(proposer: Proposer, trials: Sequence[TrialRecord]) -> None:
    """Tells the proposer all of the job's trials: what has ended, and what is pending."""
    ended = [t for t in trials if t.state in ("completed", "stopped", "failed")]
    pending = [t for t in trials if t.state in ("queued", "running")]
    proposer.tell(
        [
            Observation(t.number, Edits.from_json(t.edits), likely_accuracy(trials, t))
            for t in ended
        ],
        [Edits.from_json(t.edits) for t in pending],
    )


def new_trials(
    prepared: Prepared,
    job_seed: int,
    first: int,
    proposed: Sequence[Edits],
    latency: Callable[[str], float | None] | None,
) -> list[NewTrial]:
    """Returns rows for proposed students, with their exact costs.

    Args:
        prepared: their teacher.
        job_seed: the job's.
        first: number of the first one.
        proposed: their edits.
        latency: tells the measured milliseconds of an architecture by its hash, where any were.
    """
    space = prepared.space
    costs = space.costs(space.candidates(proposed))
    hashes = [space.student(edits).hash for edits in proposed]
    return [
        NewTrial(
            number=first + row,
            hash=hashes[row],
            edits=edits.to_json(),
            params=int(costs.params[row]),
            macs=int(costs.macs[row]),
            bytes=int(costs.bytes[row]),
            seed=derive_seed(job_seed, "trial", first + row) >> _OVER_53_BITS,
            latency_ms=None if latency is None else latency(hashes[row]),
            recipe_hash=prepared.recipe_hash,
        )
        for row, edits in enumerate(proposed)
    ]


def starting_embedding(work: Work) -> SavedEmbedding | None:
    """Returns the embedding that the request starts from, if it names one.

    Raises:
        UnusableEmbedding: it is gone, damaged or of another version.
    """
    wanted = work.job.request.search.embedding
    if wanted is None:
        return None
    try:
        with work.database.read() as session:
            record = get_embedding(session, wanted.from_)
        saved = SavedEmbedding.from_bytes(work.artifacts.read_bytes(record.key))
        if saved.findings is not None:
            Source(saved)  # that its trials make a model is seen now too
    except (EmbeddingError, NotFound, FileNotFoundError) as error:
        raise UnusableEmbedding.because(str(error)) from error
    return saved
