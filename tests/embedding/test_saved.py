import json
import pickle
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from embedding import ENCODING_VERSION, EmbeddingError, SavedEmbedding
from embedding import saved as module
from embedding.encoder import EMBEDDING
from embedding.kernel import Layout
from embedding.saved import Findings
from embedding.surrogate import Surrogate

PROVENANCE = {"teacher": "zoo/resnet20", "trials": 40}


def _saved(kernels: int = 2) -> SavedEmbedding:
    surrogate = Surrogate(decisions=5, kernels=kernels, seed=0)
    hyperparameters = surrogate.hyperparameters()
    hyperparameters["covar_module.log_length"] += 0.25
    return SavedEmbedding(
        surrogate.encoder_weights(), (3, 0)[:kernels], hyperparameters, PROVENANCE
    )


def _with_trials() -> SavedEmbedding:
    """An embedding that tells of three trials."""
    columns = Layout(0, 2).embeddings.stop
    x = torch.rand(3, columns, generator=torch.Generator().manual_seed(0)).double()
    embedded = torch.nn.functional.normalize(x[:, 3:].unflatten(1, (2, EMBEDDING)), dim=2)
    x[:, 3:] = embedded.flatten(1)
    return replace(_saved(), findings=Findings(x, x[:, 0], _saved().hyperparameters))


def _file(tensors: dict[str, Tensor] | None = None, **changes: object) -> bytes:
    """The bytes of an embedding with other tensors or another header."""
    data = _saved().to_bytes()
    header = {
        "encoding_version": ENCODING_VERSION,
        "fits": [3, 0],
        "provenance": PROVENANCE,
        **changes,
    }
    metadata = {module.FORMAT: json.dumps(header)}
    return safetensors.torch.save(tensors or safetensors.torch.load(data), metadata)


def test_a_round_trip_keeps_everything() -> None:
    before = _saved()
    data = before.to_bytes()
    after = SavedEmbedding.from_bytes(data)
    assert after.fits == (3, 0)
    assert after.provenance == PROVENANCE
    pairs = list(zip(before.kernels, after.kernels, strict=True))
    for old, new in [*pairs, (before.hyperparameters, after.hyperparameters)]:
        assert old.keys() == new.keys()
        assert all(torch.equal(new[name], value) for name, value in old.items())
    assert after.to_bytes() == data


def test_its_trials_go_with_it() -> None:
    before = _with_trials()
    after = SavedEmbedding.from_bytes(before.to_bytes())
    assert before.findings is not None
    assert after.findings is not None
    assert torch.equal(after.findings.x, before.findings.x)
    assert torch.equal(after.findings.y, before.findings.y)
    assert after.findings.hyperparameters.keys() == before.hyperparameters.keys()
    assert after.to_bytes() == before.to_bytes()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("trials/x", torch.zeros(3, 5).double(), "trials: expected .*35.* got .*5"),
        ("trials/x", torch.full((3, 35), torch.nan).double(), "trials/x: expected float64"),
        ("trials/x", torch.zeros(3, 35), "trials/x: expected float64"),
        ("trials/y", torch.full((3,), torch.inf).double(), "trials/y: expected float64"),
        ("trials/x", torch.full((3, 35), 7.0).double(), "trials/x: expected embeddings of norm 1"),
        ("trials/y", torch.full((3,), 1e9).double(), "trials/y: expected float64 numbers from -50"),
        (
            "trials/gp/covar_module.log_own",
            torch.tensor(1e6).double(),
            "log_own: expected .* got 1e",
        ),
        ("trials/y", torch.zeros(0).double(), "expected 1 to 1000 outcomes"),
        ("trials/y", torch.zeros(5000).double(), "expected 1 to 1000 outcomes"),
        ("trials/y", torch.zeros(3, 1).double(), "expected 1 to 1000 outcomes"),
        ("trials/y", None, "the embedding's trials have no 'y'"),
        ("trials/gp/covar_module.log_length", None, "missing or unknown"),
        ("trials/surprise", torch.zeros(1), "missing or unknown"),
    ],
)
def test_trials_that_do_not_fit_are_refused(name: str, value: Tensor | None, message: str) -> None:
    tensors = safetensors.torch.load(_with_trials().to_bytes())
    tensors.pop(name, None)
    if value is not None:
        tensors[name] = value
    with pytest.raises(EmbeddingError, match=message):
        SavedEmbedding.from_bytes(_file(tensors))


def test_a_search_without_encoders_keeps_its_hyperparameters() -> None:
    before = _saved(kernels=0)
    after = SavedEmbedding.from_bytes(before.to_bytes())
    assert not after.kernels
    assert not after.fits
    assert all(torch.equal(after.hyperparameters[x], y) for x, y in before.hyperparameters.items())


@pytest.mark.parametrize("version", [1, 99])
def test_other_encodings_are_refused(version: int) -> None:
    message = f"version {version}, this program's is {ENCODING_VERSION}: it has to be learned again"
    with pytest.raises(EmbeddingError, match=message):
        SavedEmbedding.from_bytes(_file(encoding_version=version))


@pytest.mark.parametrize("data", [b"", b"12345678", pickle.dumps({"a": 1}), b"\xff" * 64])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(EmbeddingError, match="not a saved embedding"):
        SavedEmbedding.from_bytes(data)


def test_other_safetensors_are_refused() -> None:
    with pytest.raises(EmbeddingError, match="not a saved embedding"):
        SavedEmbedding.from_bytes(safetensors.torch.save({"a": torch.zeros(1)}))


@pytest.mark.parametrize(
    "changes",
    [
        {"fits": [3]},
        {"fits": [3, 0, 0]},
        {"fits": "3"},
        {"fits": []},
        {"provenance": None},
        {"encoding_version": None},
    ],
)
def test_metadata_that_does_not_fit_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(EmbeddingError, match="embedding"):
        SavedEmbedding.from_bytes(_file(None, **changes))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("0/head.bias", torch.full((16,), torch.nan), "not finite"),
        ("1/head.bias", torch.zeros(3), "expected .* got .*(3,)"),
        ("0/head.bias", torch.zeros(16, dtype=torch.float16), "float16"),
        ("gp/covar_module.log_length", torch.tensor(torch.nan).double(), "not finite"),
        ("gp/covar_module.log_length", torch.zeros(2).double(), "log_length: expected .* got"),
        ("gp/covar_module.log_length", torch.tensor(9.0).double(), "log_length: expected .* got 9"),
        ("gp/likelihood.noise_covar.raw_noise", torch.tensor([99.0]).double(), "50 at most"),
        ("gp/surprise", torch.zeros(1), "missing or unknown"),
        ("0/surprise", torch.zeros(1), "missing or unknown"),
        ("7/head.bias", torch.zeros(16), "a tensor '7/"),
    ],
)
def test_weights_that_do_not_fit_are_refused(name: str, value: Tensor, message: str) -> None:
    tensors = safetensors.torch.load(_saved().to_bytes())
    with pytest.raises(EmbeddingError, match=message):
        SavedEmbedding.from_bytes(_file({**tensors, name: value}))


@pytest.mark.parametrize("name", ["0/head.bias", "gp/covar_module.log_length"])
def test_a_missing_tensor_is_refused(name: str) -> None:
    tensors = safetensors.torch.load(_saved().to_bytes())
    del tensors[name]
    with pytest.raises(EmbeddingError, match=f"missing or unknown: .*{name.partition('/')[2]}"):
        SavedEmbedding.from_bytes(_file(tensors))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4000), st.integers(0, 255))
def test_a_damaged_file_is_refused_or_still_whole(position: int, byte: int) -> None:
    data = bytearray(_saved().to_bytes())
    data[position] = byte
    try:
        read = SavedEmbedding.from_bytes(bytes(data))
    except EmbeddingError:
        return
    assert len(read.kernels) == 2


@pytest.mark.parametrize("length", [4, 100, 5000])
def test_a_file_that_ends_early_is_refused(length: int) -> None:
    with pytest.raises(EmbeddingError, match="not a saved embedding"):
        SavedEmbedding.from_bytes(_saved().to_bytes()[:length])


def test_more_kernels_than_a_job_may_have_are_refused() -> None:
    one = _saved(kernels=1)
    with pytest.raises(EmbeddingError, match="64 kernels at most, got 65"):
        replace(one, kernels=one.kernels * 65, fits=(0,) * 65)
