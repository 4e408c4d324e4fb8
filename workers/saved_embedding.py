"""What a job's search learned, fitted to all of its trials and kept for other jobs."""

from __future__ import annotations

import logging

from app.records import NewEmbedding
from app.trials import list_trials
from embedding import EmbeddingProposer, Proposer
from workers.preparation import Prepared
from workers.proposing import tell
from workers.work import Work

log = logging.getLogger(__name__)


def save_embedding(work: Work, proposer: Proposer, prepared: Prepared) -> NewEmbedding | None:
    """Fits the kernels to all trials and stores them.

    Returns:
        What was stored; None if nothing was learned: by the strategy, or from no completed trial.
    """
    if not isinstance(proposer, EmbeddingProposer):
        return None
    with work.database.read() as session:
        trials = list_trials(session, work.job.id)
    work.writer.set_stage("fitting the embedding to all trials")
    tell(proposer, trials)
    completed = sum(trial.state == "completed" for trial in trials)
    if not proposer.learn():
        log.info("%s: no completed trial to learn from", work.job.id)
        return None
    return _store(work, proposer, prepared, completed)


def _store(
    work: Work, proposer: EmbeddingProposer, prepared: Prepared, completed: int
) -> NewEmbedding:
    """Stores the embedding with where it comes from; returns its row."""
    request = work.job.request
    dataset = request.dataset.id or prepared.dataset.name
    provenance: dict[str, object] = {
        "job": work.job.id,
        "teacher": request.teacher.name,
        "dataset": dataset,
        "trials": completed,
    }
    data = proposer.embedding(provenance).to_bytes()
    key = f"embeddings/{work.job.id}-{work.lease.fence}.safetensors"
    stored = work.artifacts.put_bytes(key, data)
    return NewEmbedding(
        key=stored.key,
        sha256=stored.sha256,
        bytes=stored.bytes,
        teacher=request.teacher.name,
        dataset=dataset,
        trials=completed,
        kernels=request.search.kernels,
        summary={"objective": request.objective.kind, "teacher_params": prepared.record.params},
    )
