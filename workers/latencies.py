"""The latencies that a job has measured, kept in an artifact that is rewritten with each."""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.records import Json
from networks import Architecture, Edits, Space
from workers.latency_measurement import Measurement, measure_architecture, setting_of
from workers.problems import WorkFailed
from workers.work import Work

FIRST = -1  # what was measured before any trial was proposed
NEAR = 1.25  # a measurement this little above the limit may be a disturbed one: it is repeated


@dataclass(frozen=True)
class MeasuredStudent:
    """A candidate that was measured, or couldn't be.

    Attributes:
        hash: of its architecture.
        edits: JSON of edits that make it.
        trial: number of the trial that was being proposed, or `FIRST`.
        measurement: None if it couldn't be measured.
        detail: why it couldn't be measured.
    """

    hash: str
    edits: Json
    trial: int
    measurement: Measurement | None
    detail: str | None = None

    @property
    def median_ms(self) -> float | None:
        """The median latency; None if it couldn't be measured."""
        return None if self.measurement is None else self.measurement.median_ms


class Latencies:
    """What is measured once is known for the rest of the job, whatever restarts.

    Args:
        work: the job.
        space: of its students.
        limit_ms: of the request, if it has one.
    """

    def __init__(self, work: Work, space: Space, limit_ms: float | None) -> None:
        self._work, self._space, self._limit_ms = work, space, limit_ms
        self._known: dict[str, MeasuredStudent] = {}
        if (key := self._newest()) is not None:
            document = json.loads(work.artifacts.read_bytes(key))
            for row in document["measured"]:
                self._put(_from_json(row))

    def _key(self, fence: int) -> str:
        return self._work.key(f"latencies/{fence}.json")

    def _newest(self) -> str | None:
        """Returns the record of the newest coordinator that has one: a lost one's comes after."""
        keys = map(self._key, range(self._work.lease.fence, 0, -1))
        return next((key for key in keys if self._work.artifacts.exists(key)), None)

    def before(self, trial: int) -> list[MeasuredStudent]:
        """Returns what was measured before this trial was proposed, in the order of measuring."""
        return [measured for measured in self._known.values() if measured.trial < trial]

    def find(self, architecture_hash: str) -> MeasuredStudent | None:
        """Returns what is known of an architecture."""
        return self._known.get(architecture_hash)

    def of(self, edits: Edits, trial: int) -> MeasuredStudent:
        """Returns the measurement of a candidate: from the record, or made now and put there.

        Raises:
            LeaseLost, Stopping, Commanded: as `Work.check`.
        """
        architecture = self._space.student(edits)
        known = self.find(architecture.hash)
        if known is not None:
            return known
        measured = MeasuredStudent(
            architecture.hash, edits.to_json(), trial, *self._measured(architecture)
        )
        self._put(measured)
        self._store()
        return measured

    def _measured(self, architecture: Architecture) -> tuple[Measurement | None, str | None]:
        try:
            found = self._measure(architecture)
            if self._limit_ms is not None and 1 < found.median_ms / self._limit_ms < NEAR:
                found = min(found, self._measure(architecture), key=lambda one: one.median_ms)
        except WorkFailed as error:
            return None, error.detail
        return found, None

    def _measure(self, architecture: Architecture) -> Measurement:
        return measure_on_worker(self._work, architecture.to_json())

    def _put(self, measured: MeasuredStudent) -> None:
        self._known[measured.hash] = measured

    def _store(self) -> None:
        self._work.check()
        setting = self._work.job.request.latency.model_dump(mode="json")
        rows = [_to_json(measured) for measured in self._known.values()]
        document = {"setting": setting, "measured": rows}
        key = self._key(self._work.lease.fence)
        self._work.artifacts.put_bytes(key, json.dumps(document).encode())


def measure_on_worker(work: Work, architecture: str) -> Measurement:
    """Returns the latency of an architecture (JSON), measured on a worker as the job asks for.

    Raises:
        WorkFailed: the runtime can't run it.
        LeaseLost, Stopping, Commanded: as `Work.check`.
    """
    setting = setting_of(work.job.request.latency)
    return work.run(
        "a latency",
        measure_architecture,
        architecture,
        setting,
        threads=setting.threads,
        exactly=True,  # on fewer it would be another latency
    )


def _to_json(measured: MeasuredStudent) -> Json:
    found = measured.measurement
    return {**vars(measured), "measurement": None if found is None else found.to_json()}


def _from_json(row: Json) -> MeasuredStudent:
    found = row["measurement"]
    measurement = Measurement.from_json(found) if isinstance(found, dict) else None
    return MeasuredStudent(**{**row, "measurement": measurement})  # type: ignore[arg-type]
