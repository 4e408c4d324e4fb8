"""The Ray pool: functions run in worker processes, on data placed once in the object store."""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

import ray
import ray.exceptions
import torch

from app.lost_attempts import Loss
from app.requests import ResourcesRequest
from workers.call_context import CallContext
from workers.call_span import CallSpan, Ran
from workers.forked import ProcessDied, run_forked
from workers.machines import Needs, most_cpus
from workers.training import MOST_THREADS

T = TypeVar("T")
log = logging.getLogger(__name__)

NICENESS = 10  # the API and the coordinator answer first
ATTEMPTS = 3  # times that a call is sent when the worker under it dies
LOOK_S = 5.0  # longest time for which it goes unnoticed that a call's last machine is gone
_LOST_MACHINE = (
    ray.exceptions.NodeDiedError,
    ray.exceptions.LocalRayletDiedError,
    ray.exceptions.ObjectLostError,
)


@dataclass(frozen=True)
class Placed(Generic[T]):
    """A value in the object store; a call that gets it as an argument sees the value itself."""

    reference: Any


@dataclass(frozen=True)
class Failure:
    """Why a call gave no value.

    Attributes:
        kind: name of the exception, or `WorkerDied`.
        detail: its message.
        evidence: the traceback on the worker, or how the worker's process ended.
        loss: set if the call came to no end: the worker `died`, or the call is `stale`, as the
            machine under it was lost.
    """

    kind: str
    detail: str
    evidence: str
    loss: Loss | None = None


@dataclass(frozen=True)
class Finished:
    """A call that has ended, sent `attempts` times; `value` is a `Failure` if it gave none."""

    key: Hashable
    value: Any
    attempts: int


@dataclass(frozen=True)
class _Call:
    key: Hashable
    function: Callable[..., object]
    arguments: tuple[object, ...]
    threads: int
    most_attempts: int
    exactly: bool
    span: CallSpan
    context: CallContext
    attempts: int = 0


class _Recalled:
    """The value of a call that no machine could have begun."""


@dataclass
class Pool:
    """The calls of one job that are under way on a Ray cluster, which this process is connected to.

    A call whose worker process dies is sent again, up to `ATTEMPTS` times in all, unless whoever
    sent it wants to know of each death. Exceptions of the
    function itself are not tried again. The end of this process is no fault of a call, and counts
    for none: whoever sends it after that counts from the start.

    Machines come and go: a call that has become too large for all of them is sent again with as
    many threads as the largest one has, unless that many were asked for.

    Attributes:
        resources: what each call reserves on its machine, beside its threads.
        cancelled: whether `cancel` was called: no call is under way then, though none has ended.
        missing: what calls under way need of a machine that no machine has; empty if there is none
            such call.
    """

    resources: ResourcesRequest = field(default_factory=ResourcesRequest)
    cancelled: bool = False
    missing: str = ""
    _flying: dict[ray.ObjectRef[Any], _Call] = field(default_factory=dict)
    _looked: float = -LOOK_S

    def place(self, value: T) -> Placed[T]:
        """Puts the value into the object store: NumPy arrays in it are shared, not copied."""
        return Placed(ray.put(value))

    def threads(self, parallel: int) -> int:
        """Returns the threads that each of `parallel` trainings at once may use."""
        return self.resources.cpus or min(max(self.cores() // parallel, 1), MOST_THREADS)

    def cores(self) -> int:
        """Returns how many processors the largest machine has; 0 while there is none for calls."""
        return most_cpus(self._needs(0))

    def send(
        self,
        key: Hashable,
        function: Callable[..., object],
        *arguments: object,
        threads: int = 1,
        again: bool = True,
        exactly: bool = False,
    ) -> None:
        """Starts `function(*arguments)` on a worker, with placed values put in.

        Args:
            key: what `wait` calls it by; unique among the calls under way.
            function: of a module that the workers can import.
            arguments: what it gets; small ones are sent along.
            threads: torch's threads, and the CPUs that Ray reserves.
            again: whether it is sent again when its worker dies.
            exactly: whether it waits for a machine with as many CPUs if there is none.
        """
        exactly = exactly or self.resources.cpus is not None
        span = CallSpan(key, function.__name__)
        context = CallContext.here(key, span.traceparent)
        most = ATTEMPTS if again else 1
        self._fly(_Call(key, function, arguments, threads, most, exactly, span, context))

    def wait(self, timeout_s: float) -> list[Finished]:
        """Returns the calls that have ended, after at most `timeout_s` seconds."""
        if not self._flying:
            return []
        self._look()
        ready, _ = ray.wait(list(self._flying), timeout=timeout_s)
        calls = [(reference, self._flying.pop(reference, None)) for reference in ready]
        ended = [self._end(reference, call) for reference, call in calls if call is not None]
        return [finished for finished in ended if finished is not None]

    def under_way(self) -> set[Hashable]:
        """Returns the keys of the calls under way."""
        return {call.key for call in self._flying.values()}

    def cancel(self) -> None:
        """Ends every call under way at once, killing its process; no other will start.

        May be called from any thread.
        """
        self.cancelled = True
        flying, self._flying = self._flying, {}
        for reference, call in flying.items():
            ray.cancel(reference, force=True)
            call.span.end("Cancelled")

    def _look(self) -> None:
        """Recalls the calls that need fewer threads now, and notes what the others wait for."""
        if time.monotonic() - self._looked < LOOK_S:
            return
        self._looked, cores, unmet = time.monotonic(), self.cores(), set[str]()
        for reference, call in list(self._flying.items()):
            if call.threads <= cores:
                continue
            if cores and not call.exactly:
                ray.cancel(reference, force=True)  # it waits: no machine can have begun it
            else:
                unmet.add(str(self._needs(call.threads)))
        self.missing = "; ".join(sorted(unmet))

    def _needs(self, threads: int) -> Needs:
        return Needs(threads, self.resources.gpus, self.resources.memory_bytes)

    def _fly(self, call: _Call) -> None:
        arguments = [x.reference if isinstance(x, Placed) else x for x in call.arguments]
        needs = self._needs(call.threads)
        task = _run.options(num_cpus=needs.cpus, num_gpus=needs.gpus, memory=needs.memory_bytes)
        reference = task.remote(call.function, call.threads, call.context, *arguments)
        self._flying[reference] = replace(call, attempts=call.attempts + 1)
        if self.cancelled:  # meanwhile, by another thread
            self.cancel()

    def _end(self, reference: ray.ObjectRef[Any], call: _Call) -> Finished | None:
        """Returns what came of a call; None if its worker died and it was sent again."""
        value = _value(reference)
        if isinstance(value, Ran):
            call.span.ran(value, call.attempts)
            value = value.value
        if isinstance(value, _Recalled):
            threads = min(call.threads, self.cores() or call.threads)
            self._fly(replace(call, threads=threads, attempts=call.attempts - 1))
            return None
        if isinstance(value, Failure) and value.loss is not None:
            if call.attempts < call.most_attempts:
                log.warning(
                    "%s is sent again (attempt %d): %s", call.key, call.attempts, value.evidence
                )
                self._fly(call)
                return None
            value = replace(value, detail=f"the worker process died {call.attempts} times")
        call.span.end(value.kind if isinstance(value, Failure) else None)
        return Finished(call.key, value, call.attempts)


def _value(reference: ray.ObjectRef[Any]) -> object:
    """Returns what a call that has ended gave; a `Failure` if it gave nothing."""
    try:
        return ray.get(reference)
    except ray.exceptions.TaskCancelledError:
        return _Recalled()
    except ray.exceptions.RayTaskError as error:  # its arguments could not be read, or the like
        return Failure(type(error.cause).__name__, str(error.cause), str(error))
    except ray.exceptions.RayError as error:
        loss: Loss = "stale" if isinstance(error, _LOST_MACHINE) else "died"
        return _died(f"{_words(error)} ({type(error).__name__}: {error})", loss)


def _words(error: ray.exceptions.RayError) -> str:
    """Says in plain words what became of a worker."""
    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "its machine was nearly out of memory, so Ray's memory monitor killed it"
    if isinstance(error, _LOST_MACHINE):
        return "its machine was lost, or the Ray on it"
    return "Ray's worker process was killed from outside, and took the call along"


def _died(evidence: str, loss: Loss) -> Failure:
    return Failure("WorkerDied", "the worker process died", evidence, loss)


@ray.remote(max_retries=0)
def _run(
    function: Callable[..., object], threads: int, context: CallContext, *arguments: object
) -> Ran:
    """Runs a call in a child of the worker, which sees how it ends; returns what `_answer` does."""
    began_ns = time.time_ns()
    value: object
    try:
        value = run_forked(partial(_answer, function, threads, context, arguments))
    except ProcessDied as error:
        value = _died(str(error), "died")
    return Ran.now(value, began_ns, time.time_ns())


def _answer(
    function: Callable[..., object],
    threads: int,
    context: CallContext,
    arguments: tuple[object, ...],
) -> object:
    """Returns a call's value, or what it raises, as not all exceptions can be pickled."""
    context.take_on()
    _let_servers_first()
    torch.set_num_threads(threads)
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, the coordinator puts it on record
        return Failure(type(error).__name__, str(error), traceback.format_exc(limit=-8))


def _let_servers_first() -> None:
    """Makes this process as nice as calls are; if Ray made it nicer, only root could undo that."""
    niceness = max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
    os.setpriority(os.PRIO_PROCESS, 0, niceness)
