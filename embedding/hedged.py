"""Encoders of an earlier search, for another teacher to start from."""

from dataclasses import replace

from embedding.proposer import SearchSettings
from embedding.saved import SavedEmbedding
from embedding.surrogate import Surrogate


def hedged(saved: SavedEmbedding, settings: SearchSettings) -> SavedEmbedding:
    """Returns what to start from: every second encoder fresh, and all of them to be fitted in full.

    What the earlier encoders see may be wrong for the new teacher: the fresh ones, which the kernel
    averages over as well, know as much as a search that starts from nothing.

    Args:
        saved: what another teacher's search learned.
        settings: of the search that is to start: number of encoders, and the fresh ones' seed.
    """
    if not saved.kernels:
        return saved
    fresh = Surrogate(0, settings.kernels, settings.seed).encoder_weights()
    kernels = tuple(
        weights if k % 2 else saved.kernels[k // 2 % len(saved.kernels)]
        for k, weights in enumerate(fresh)
    )
    return replace(saved, kernels=kernels, fits=(0,) * len(kernels), findings=None)
