"""A table's networks as the candidates of our search."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from torch import Generator, Tensor

import networks
from benchmarks.tables import Table
from benchmarks.tables.checked import cache_folder
from embedding import ENCODING_VERSION, Tokens, encode_architecture
from networks import Candidates, Costs, Edits, SpaceLayer, read_layers

FEATURES_OF_LAYER = 3


class TableSpace:
    """The networks of a table; a candidate's "widths" are its choices, counted from 1.

    What is read of a network comes from its architecture alone: its tokens as of any student, and
    of each of the teacher's layers whether it is there, how much narrower it is, and how much
    smaller its kernel is.

    Args:
        table: Its rows with the same network are one candidate.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._sizes = torch.tensor(table.cardinalities)
        self._row_of: Mapping[tuple[int, ...], int] = dict(
            zip(map(tuple, table.choices.tolist()), table.first.tolist(), strict=True)
        )
        self._firsts = (table.first == torch.arange(len(table))).nonzero().squeeze(1)
        self._values, self._mask, self._features = _read(table)

    def rows(self, candidates: Candidates) -> Tensor:
        """Returns the candidates' rows, `n`."""
        choices = (candidates.widths - 1).tolist()
        return torch.tensor([self._row_of[tuple(x)] for x in choices], dtype=torch.int64)

    def of_rows(self, rows: Tensor) -> Candidates:
        """Returns the candidates of `n` rows."""
        nothing = torch.zeros(len(rows), 0, dtype=torch.bool)
        return Candidates(nothing, self.table.choices[self.table.first[rows]] + 1, nothing)

    def teacher(self) -> Candidates:
        """Returns the table's teacher."""
        return self.of_rows(torch.tensor([self.table.teacher]))

    def smallest(self) -> Candidates:
        """Returns the network with the fewest parameters."""
        return self.of_rows(self.table.params.argmin().unsqueeze(0))

    def sample(self, n: int, generator: Generator) -> Candidates:
        """Returns random networks."""
        drawn = torch.randint(len(self._firsts), (n,), generator=generator)
        return self.of_rows(self._firsts[drawn])

    def mutate(self, candidates: Candidates, generator: Generator) -> Candidates:
        """Returns networks that each differ in one column at the most, drawn at random.

        A partial table may not have one: it then stays as it was.
        """
        choices = candidates.widths - 1
        n = len(choices)
        column = torch.randint(len(self._sizes), (n,), generator=generator)
        draws = torch.rand(n, generator=generator)
        new = choices.clone()
        new[torch.arange(n), column] = (draws * self._sizes[column]).long()
        found = [self._row_of.get(tuple(x)) for x in new.tolist()]
        old = self.rows(candidates).tolist()
        kept = [o if f is None else f for f, o in zip(found, old, strict=True)]
        return self.of_rows(torch.tensor(kept, dtype=torch.int64))

    def costs(self, candidates: Candidates) -> Costs:
        """Returns the costs; tables don't tell activations, which are zero."""
        rows = self.rows(candidates)
        params = self.table.params[rows]
        return Costs(params, self.table.macs[rows], 4 * params, torch.zeros_like(params))

    def keys(self, candidates: Candidates) -> list[bytes]:
        """Returns the networks' rows."""
        return [row.to_bytes(8, "big") for row in self.rows(candidates).tolist()]

    def edits(self, candidates: Candidates) -> list[Edits]:
        """Returns each network's choices, by column."""
        return [
            Edits((), {str(column): width for column, width in enumerate(widths)}, ())
            for widths in candidates.widths.tolist()
        ]

    def candidates(self, edits: Sequence[Edits]) -> Candidates:
        """Returns the networks of `edits`."""
        rows = [self._row_of[tuple(x - 1 for x in edit.widths.values())] for edit in edits]
        return self.of_rows(torch.tensor(rows, dtype=torch.int64))

    def hash(self, candidate: Candidates) -> str:
        """Returns the network's row."""
        return str(int(self.rows(candidate)))

    def tokens(self, candidates: Candidates) -> Tokens:
        """Returns the networks, layer by layer."""
        return self.tokens_of(self.rows(candidates))

    def tokens_of(self, rows: Tensor) -> Tokens:
        """Returns the networks of `n` rows, layer by layer."""
        mask = self._mask[rows]
        longest = max(1, int(mask.sum(1).max())) if len(rows) else 1
        return Tokens(self._values[rows][:, :longest], mask[:, :longest])

    def features(self, candidates: Candidates) -> Tensor:
        """Returns what each network is in the teacher's layers: `n x d`, float64."""
        return self._features[self.rows(candidates)]


def _read(table: Table) -> tuple[Tensor, Tensor, Tensor]:
    """Returns tokens (values and mask) and features of all rows, from the cache if it has them."""
    path = cache_folder() / f"{table.name}-{_fingerprint(table)}.npz"
    known = _remembered(path)
    if known is not None:
        return known
    teacher, _ = read_layers(table.architecture(table.teacher))
    tokens, features = [], []
    for row in track(
        range(len(table)), f"reading {table.name}", console=Console(stderr=True), transient=True
    ):
        architecture = table.architecture(row)
        tokens.append(encode_architecture(architecture, teacher).values[0])
        features.append(_layer_features(read_layers(architecture)[0], teacher))
    values = torch.nn.utils.rnn.pad_sequence(tokens, batch_first=True)
    lengths = torch.tensor([len(x) for x in tokens])
    mask = torch.arange(values.shape[1]) < lengths.unsqueeze(1)
    distinct = _distinct_columns(torch.stack(features))
    _remember(path, values, mask, distinct)
    return values, mask, distinct


def _remembered(path: Path) -> tuple[Tensor, Tensor, Tensor] | None:
    """Returns what the cache has, or `None`; a file that can't be read is as good as none."""
    try:
        with np.load(path, allow_pickle=False) as file:
            values, mask, features = (torch.from_numpy(file[x]) for x in ("v", "m", "f"))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return values, mask, features


def _remember(path: Path, values: Tensor, mask: Tensor, features: Tensor) -> None:
    """Leaves a file behind, whole or not at all; one that can't be written only costs the time."""
    part = path.with_suffix(f".{os.getpid()}.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(part, v=values.numpy(), m=mask.numpy(), f=features.numpy())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()


def _layer_features(own: Sequence[SpaceLayer], teacher: Sequence[SpaceLayer]) -> Tensor:
    """Returns of each of the teacher's layers three features of the network: `3 L`, float64."""
    known = {layer.name: layer for layer in own}
    features = torch.zeros(len(teacher), FEATURES_OF_LAYER, dtype=torch.float64)
    for number, theirs in enumerate(teacher):
        layer = known.get(theirs.name)
        if layer is None:
            features[number, 0] = -1
            continue
        features[number, 1] = np.log2(layer.out_channels / theirs.out_channels)
        features[number, 2] = np.log2(layer.kernel[0] / theirs.kernel[0])
    return features.flatten()


def _distinct_columns(features: Tensor) -> Tensor:
    """Returns the columns that vary, without those that repeat another."""
    varying = features[:, (features != features[:1]).any(0)]
    _, first = np.unique(varying.numpy(), axis=1, return_index=True)
    return varying[:, torch.from_numpy(np.sort(first))]


def _fingerprint(table: Table) -> str:
    """SHA-256 of the table's networks and of the code that reads them."""
    digest = hashlib.sha256(f"{ENCODING_VERSION}".encode())
    digest.update(table.choices.contiguous().numpy().tobytes())
    sources = [Path(__file__), *sorted(Path(networks.__file__).parent.glob("*.py"))]
    sources += sorted(Path(__file__).parents[1].glob("tables/*.py"))
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()
