"""Work kept on the way, so that a training whose process dies goes on from its last epochs.

A checkpoint is one artifact, written whole or not at all: a line with the SHA-256 of all that
follows, a line of JSON, and the work's tensors as safetensors. Nothing in it is ever unpickled.

No fence guards it, unlike SQL: it says what it is of, and a worker that was given up computes the
same as the one in its place. Whoever wrote it last, it is that training after some epoch.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from app.artifacts import Artifacts

log = logging.getLogger(__name__)

# An epoch is not kept where that costs more than it saves: sooner than a second after the last
# one, or than twenty times what it took to write it.
LEAST_S = 1.0
SHARE = 0.05
HEAD_BYTES = 2**20  # of a checkpoint, in which its first two lines end


@dataclass(frozen=True)
class CheckpointPlace:
    """Where a training's checkpoint is kept.

    Attributes:
        url: of the artifact store.
        key: of the artifact.
        recipe: what the training depends on beside its own specification.
    """

    url: str
    key: str
    recipe: str


@dataclass(frozen=True)
class Checkpoint:
    """A training after some of its epochs.

    Attributes:
        epoch: how many are done.
        note: what else is known of it: JSON values.
        tensors: all that later epochs depend on.
    """

    epoch: int
    note: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    def to_bytes(self, owner: str) -> bytes:
        """Returns the file, as of the training that `owner` tells from all others."""
        head = {"owner": owner, "epoch": self.epoch, "note": self.note}
        body = json.dumps(head).encode() + b"\n" + save(dict(self.tensors))
        return hashlib.sha256(body).hexdigest().encode() + b"\n" + body

    @classmethod
    def from_bytes(cls, data: bytes, owner: str) -> Checkpoint:
        """Returns what `to_bytes` wrote.

        Raises:
            ValueError: it is damaged, or another training's.
        """
        digest, _, body = data.partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            raise ValueError("it is damaged")
        text, _, tensors = body.partition(b"\n")
        head: dict[str, Any] = json.loads(text)
        if head["owner"] != owner:
            raise ValueError("it is another training's")
        return cls(head["epoch"], head["note"], load(tensors))


def owner_of(parts: Sequence[object]) -> str:
    """Returns what tells a training from all others, by all that it depends on: JSON values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def epochs_kept(artifacts: Artifacts, key: str) -> int:
    """Returns after how many epochs a checkpoint was kept, by its head; 0 if that can't be read."""
    try:
        with artifacts.open(key) as file:
            head = file.read(HEAD_BYTES).split(b"\n", 2)[1]
        return int(json.loads(head)["epoch"])
    except (FileNotFoundError, IndexError, KeyError, TypeError, ValueError):
        return 0


class CheckpointFile:
    """The checkpoint of one training. Whatever fails here is logged and costs time alone."""

    def __init__(
        self, place: CheckpointPlace, owner: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Opens the place of the training that `owner` tells from all others."""
        self._place, self._owner, self._clock = place, owner, clock
        self._kept_at, self._cost_s = clock(), 0.0

    def read(self) -> Checkpoint | None:
        """Returns the training's checkpoint; None if there is none that can be used."""
        try:
            data = Artifacts(self._place.url).read_bytes(self._place.key)
            return Checkpoint.from_bytes(data, self._owner)
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - of any store, and of any damage
            log.warning("%s is not gone on from: %s", self._place.key, error)
            return None

    def keep(self, now: Callable[[], Checkpoint]) -> None:
        """Stores what `now` returns in place of the last one, unless it is too soon for that."""
        began = self._clock()
        if began - self._kept_at < max(LEAST_S, self._cost_s / SHARE):
            return
        try:
            Artifacts(self._place.url).put_bytes(self._place.key, now().to_bytes(self._owner))
        except Exception as error:  # noqa: BLE001 - a full disk, or a store that is away
            log.warning("%s was not kept: %s", self._place.key, error)
        self._kept_at = self._clock()
        self._cost_s = self._kept_at - began
