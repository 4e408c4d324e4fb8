"""A proposer by its strategy's name."""

import logging
from collections.abc import Sequence
from typing import Literal

from embedding.embedding_proposer import EmbeddingProposer
from embedding.errors import EmbeddingError
from embedding.given_proposer import GivenProposer
from embedding.hedged import hedged
from embedding.objective import Objective
from embedding.proposer import Proposer, SearchSettings
from embedding.random_proposer import RandomProposer
from embedding.saved import SavedEmbedding
from embedding.search_space import StudentSpace
from embedding.source import Source
from networks import Edits, Space

log = logging.getLogger(__name__)

STRATEGIES = ("embedding", "random", "adapruner")


def make_proposer(
    strategy: str,
    space: Space,
    objective: Objective,
    settings: SearchSettings,
    state: bytes | None = None,
    embedding: SavedEmbedding | None = None,
    mode: Literal["frozen", "adapt"] | None = None,
    first: Sequence[Edits] = (),
) -> Proposer:
    """Makes the proposer of a job, new or continued.

    Args:
        strategy: one of `STRATEGIES`.
        space: of all students.
        objective: what is maximised, and the limits.
        settings: number of kernels and seed.
        state: what `Proposer.state` returned last, if the job is continued; it comes before
            `embedding`. One that is damaged or of an older version is left aside.
        embedding: what another job learned, to start from.
            What its trials told is a guess at this job's, too.
        mode: what becomes of its encoders: kept (`frozen`), or fitted further beside fresh ones
            (`adapt`, the default).
        first: candidates to begin with; those of `adapruner` are all that it proposes.

    Raises:
        EmbeddingError: if the strategy is unknown.
        InfeasibleConstraint: if no student keeps to the limits.
    """
    students = StudentSpace(space)
    if strategy == "random":
        return RandomProposer(students, objective, settings, first)
    if strategy == "adapruner":
        return GivenProposer(students, objective, settings, first)
    if strategy != "embedding":
        raise EmbeddingError(f"unknown strategy {strategy!r}: there are {', '.join(STRATEGIES)}")
    start = _continued(state) if state else None
    if start is None and embedding is not None:
        start = embedding if mode == "frozen" else hedged(embedding, settings)
    source = None if embedding is None or embedding.findings is None else Source(embedding)
    return EmbeddingProposer(students, objective, settings, start, mode == "frozen", source, first)


def _continued(state: bytes) -> SavedEmbedding | None:
    """Returns where the search was; none if an older version left it, or it is damaged.

    All that it learned it can learn again from the trials that it is told.
    """
    try:
        return SavedEmbedding.from_bytes(state)
    except EmbeddingError as error:
        log.warning("the search begins to learn anew from its trials: %s", error)
        return None
