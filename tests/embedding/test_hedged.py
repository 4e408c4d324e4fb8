from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from embedding import SavedEmbedding, SearchSettings
from embedding.hedged import hedged
from embedding.surrogate import Surrogate


def _saved(kernels: int) -> SavedEmbedding:
    surrogate = Surrogate(0, kernels, seed=7)
    return SavedEmbedding(
        surrogate.encoder_weights(), (3,) * kernels, surrogate.hyperparameters(), {"job": "j"}
    )


def _equal(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_every_second_encoder_is_as_a_cold_start_has_it() -> None:
    saved = _saved(2)
    cold = Surrogate(0, 5, seed=1).encoder_weights()
    started = hedged(saved, SearchSettings(kernels=5, seed=1))
    assert len(started.kernels) == 5
    zeroth, first = saved.kernels
    expected = [zeroth, cold[1], first, cold[3], zeroth]
    assert all(map(_equal, started.kernels, expected))
    assert not _equal(zeroth, cold[0])


def test_encoders_are_to_be_fitted_as_for_the_first_time() -> None:
    saved = _saved(3)
    started = hedged(saved, SearchSettings(kernels=2, seed=1))
    assert started.fits == (0, 0)
    assert (started.provenance, started.findings) == (saved.provenance, None)
    assert _equal(started.hyperparameters, saved.hyperparameters)


def test_an_embedding_without_encoders_stays_as_it_is() -> None:
    saved = _saved(0)
    assert hedged(saved, SearchSettings(kernels=4, seed=1)) is saved
