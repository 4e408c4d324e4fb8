"""Clients that mean well and ask all the while: how long they wait for their answers."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_EVERY_S = 0.2
_WITHIN_S = 20.0


@dataclass
class Waited:
    """How long they waited, in milliseconds, and what went wrong."""

    took_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


@contextmanager
def asking(port: int, key: str, path: str, clients: int) -> Iterator[Waited]:
    """Yields while clients poll five times a second each, over a kept connection."""
    waited, ended = Waited(), threading.Event()
    threads = [
        threading.Thread(target=_poll, args=(port, key, path, waited, ended), daemon=True)
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield waited
    finally:
        ended.set()
        for thread in threads:
            thread.join(_WITHIN_S)


def _poll(port: int, key: str, path: str, waited: Waited, ended: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WITHIN_S)
    while not ended.wait(_EVERY_S):
        began = time.perf_counter()
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            waited.errors[type(error).__name__] += 1
            connection.close()
            continue
        waited.took_ms.append((time.perf_counter() - began) * 1000)
        if answer.status != http.HTTPStatus.OK:
            waited.errors[str(answer.status)] += 1
    connection.close()
