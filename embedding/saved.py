"""What the search learned, as bytes: safetensors with JSON metadata, never pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from embedding.encoder import EMBEDDING
from embedding.encoding import ENCODING_VERSION
from embedding.errors import EmbeddingError, OtherEncoding
from embedding.kernel import HYPERPARAMETERS, Layout
from embedding.surrogate import WIDEST, Surrogate

FORMAT = "stillhouse-embedding"
GP = "gp"
TRIALS = "trials"
# More than any search saves: a file that has more isn't one of ours.
MOST_TRIALS = 1000
MOST_KERNELS = 64
# Logarithms of costs, errors and hyperparameters are far below it.
LARGEST = 50


@dataclass(frozen=True)
class Findings:
    """A search's trials, and a GP of them that knows nothing of its teacher's own decisions.

    Attributes:
        x: the teacher, then students, as `Layout(0, K)` has them without the costs: float64.
        y: their outcomes relative to the teacher's, float64.
        hyperparameters: that GP's, by name.
    """

    x: Tensor
    y: Tensor
    hyperparameters: Mapping[str, Tensor]


@dataclass(frozen=True)
class SavedEmbedding:
    """K fitted kernels and where they come from.

    Attributes:
        kernels: each encoder's weights, by name.
        fits: how often each encoder was fitted.
        hyperparameters: the GP's, by name.
        provenance: JSON: which teacher, dataset and trials they learned from.
        findings: what those trials were, if they are told.

    Raises:
        EmbeddingError: if the weights aren't those of this version's kernels, or not finite.
    """

    kernels: tuple[Mapping[str, Tensor], ...]
    fits: tuple[int, ...]
    hyperparameters: Mapping[str, Tensor]
    provenance: Mapping[str, object]
    findings: Findings | None = None

    def __post_init__(self) -> None:
        if len(self.fits) != len(self.kernels):
            raise EmbeddingError(
                f"expected one count of fits a kernel, got {len(self.kernels)} kernels and"
                f" {len(self.fits)} counts"
            )
        if len(self.kernels) > MOST_KERNELS:
            raise EmbeddingError(
                f"expected {MOST_KERNELS} kernels at most, got {len(self.kernels)}"
            )
        expected = Surrogate(decisions=0, kernels=1, seed=0)
        for weights in self.kernels:
            _check(weights, expected.encoder_weights()[0])
        _check_hyperparameters(self.hyperparameters, expected)
        if self.findings is not None:
            _check_hyperparameters(self.findings.hyperparameters, expected)
            _check_trials(self.findings, len(self.kernels))

    def to_bytes(self) -> bytes:
        """Returns a safetensors file.

        Tensors are named `ENCODER/NAME`, `gp/NAME`, `trials/x`, `trials/y` and `trials/gp/NAME`.
        """
        tensors = {
            f"{number}/{name}": value.contiguous()
            for number, weights in enumerate(self.kernels)
            for name, value in weights.items()
        }
        tensors |= {f"{GP}/{x}": value.contiguous() for x, value in self.hyperparameters.items()}
        if self.findings is not None:
            found = {"x": self.findings.x, "y": self.findings.y}
            found |= {f"{GP}/{x}": y for x, y in self.findings.hyperparameters.items()}
            tensors |= {f"{TRIALS}/{x}": value.contiguous() for x, value in found.items()}
        header = {
            "format": FORMAT,
            "encoding_version": ENCODING_VERSION,
            "fits": self.fits,
            "provenance": self.provenance,
        }
        return safetensors.torch.save(tensors, {FORMAT: json.dumps(header, sort_keys=True)})

    @classmethod
    def from_bytes(cls, data: bytes) -> "SavedEmbedding":
        """Reads what `to_bytes` wrote.

        Raises:
            OtherEncoding: if it is of another version.
            EmbeddingError: if it is something else, or was damaged.
        """
        header = _header(data)
        version = header.get("encoding_version")
        if version != ENCODING_VERSION:
            raise OtherEncoding(
                f"the embedding is of encoding version {version!r}, this program's is"
                f" {ENCODING_VERSION}: it has to be learned again"
            )
        fits, provenance = header.get("fits"), header.get("provenance")
        if not isinstance(fits, list) or not all(isinstance(x, int) for x in fits):
            raise EmbeddingError("the embedding's metadata has no counts of fits")
        if not isinstance(provenance, dict):
            raise EmbeddingError("the embedding's metadata has no provenance")
        kernels, hyperparameters, findings = _tensors(data, len(fits))
        return cls(kernels, tuple(fits), hyperparameters, provenance, findings)


def _header(data: bytes) -> dict[str, object]:
    """Returns our JSON metadata of a safetensors file."""
    try:
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        header = json.loads(metadata[FORMAT])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EmbeddingError(f"not a saved embedding: {error!r}") from error
    if not isinstance(header, dict):
        raise EmbeddingError("not a saved embedding: its metadata is no object")
    return header


def _tensors(
    data: bytes, count: int
) -> tuple[tuple[dict[str, Tensor], ...], dict[str, Tensor], Findings | None]:
    """Returns the tensors of a safetensors file: by encoder and name, the GP's, and the trials."""
    try:
        tensors = safetensors.torch.load(data)
    except safetensors.SafetensorError as error:
        raise EmbeddingError(f"not a saved embedding: {error}") from error
    kernels: tuple[dict[str, Tensor], ...] = tuple({} for _ in range(count))
    hyperparameters: dict[str, Tensor] = {}
    trials: dict[str, Tensor] = {}
    for key, value in tensors.items():
        number, _, name = key.partition("/")
        if number == GP:
            hyperparameters[name] = value
        elif number == TRIALS:
            trials[name] = value
        elif number.isdecimal() and int(number) < count:
            kernels[int(number)][name] = value
        else:
            raise EmbeddingError(f"the embedding has {count} encoders and a tensor {key!r}")
    return kernels, hyperparameters, _findings(trials)


def _findings(tensors: dict[str, Tensor]) -> Findings | None:
    """Returns the trials among a file's tensors, if it has any."""
    if not tensors:
        return None
    try:
        x, y = tensors.pop("x"), tensors.pop("y")
    except KeyError as error:
        raise EmbeddingError(f"the embedding's trials have no {error}") from error
    return Findings(x, y, {name.removeprefix(f"{GP}/"): value for name, value in tensors.items()})


def _check_trials(findings: Findings, kernels: int) -> None:
    """Raises unless the trials are numbers of the expected shapes, few enough for a GP."""
    x, y = findings.x, findings.y
    columns = Layout(0, kernels).embeddings.stop
    if y.ndim != 1 or not 1 <= len(y) <= MOST_TRIALS:
        raise EmbeddingError(f"trials: expected 1 to {MOST_TRIALS} outcomes, got {tuple(y.shape)}")
    if x.shape != (len(y), columns):
        raise EmbeddingError(f"trials: expected {(len(y), columns)}, got {tuple(x.shape)}")
    for name, value in (("x", x), ("y", y)):
        if value.dtype != torch.float64 or not (value.abs() <= LARGEST).all():
            raise EmbeddingError(
                f"trials/{name}: expected float64 numbers from -{LARGEST} to {LARGEST}"
            )
    norms = x[:, Layout(0, kernels).embeddings].unflatten(1, (kernels, EMBEDDING)).norm(dim=2)
    if not torch.allclose(norms, torch.ones_like(norms), atol=1e-3):
        raise EmbeddingError("trials/x: expected embeddings of norm 1")


def _check_hyperparameters(found: Mapping[str, Tensor], expected: Surrogate) -> None:
    """Raises unless the hyperparameters are within what a fit may find."""
    _check(found, expected.hyperparameters())
    for name, (mean, deviation) in HYPERPARAMETERS.items():
        value = found[f"covar_module.{name}"].item()
        if abs(value - mean) > WIDEST * deviation + 1e-6:
            raise EmbeddingError(
                f"{name}: expected {mean:.3g} ± {WIDEST * deviation:.3g}, got {value:.3g}"
            )
    for name, tensor in found.items():
        # The logarithm of a noise that is almost none may be far below.
        if not (tensor <= LARGEST).all():
            raise EmbeddingError(f"{name}: expected {LARGEST} at most")


def _check(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Raises if the weights' names, shapes or types differ from the expected, or hold NaN."""
    if weights.keys() != expected.keys():
        names = sorted(weights.keys() ^ expected.keys())
        raise EmbeddingError(f"the embedding's tensors are missing or unknown: {names}")
    for name, value in weights.items():
        want = expected[name]
        if value.shape != want.shape or value.dtype != want.dtype:
            raise EmbeddingError(
                f"{name}: expected {want.dtype} {tuple(want.shape)}, got {value.dtype}"
                f" {tuple(value.shape)}"
            )
        if not torch.isfinite(value).all():
            raise EmbeddingError(f"{name}: holds numbers that are not finite")
