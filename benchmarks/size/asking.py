"""Asks the API, one question after the other over one connection."""

import http.client
import sys
import time

from benchmarks.size.filling import Filled

_WARM_UP = 20


def questions(filled: Filled) -> dict[str, str]:
    """Returns the paths that are asked for, by their names."""
    longest = f"/v1/jobs/{filled.longest}"
    return {
        "status": longest,
        "status of a usual job": f"/v1/jobs/{filled.usual}",
        "best": f"{longest}/best",
        "trials page": f"{longest}/trials",
        "trials page of 500": f"{longest}/trials?limit=500",
        "list": "/v1/jobs",
        "list of 100": "/v1/jobs?limit=100",
        "pareto": f"{longest}/pareto",
    }


def ask(url: str, path: str, times: int) -> list[float]:
    """Returns the milliseconds of each whole answer."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    took_ms = []
    for number in range(_WARM_UP + times):
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            sys.exit(f"{path}: the API answered {answer.status}")
        if number >= _WARM_UP:
            took_ms.append((time.perf_counter() - began) * 1000)
    connection.close()
    return took_ms
