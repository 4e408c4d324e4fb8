"""Requests that schemathesis makes of the API's own description, right and wrong ones."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import requests
import schemathesis.openapi
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

_WITHIN_S = 20.0


def send_described(
    url: str, key: str, ids: dict[str, str], number: int, draw: int, on_sent: Callable[[int], None]
) -> Counter[str]:
    """Sends as many requests, shared by all operations; returns the answers by their status.

    Args:
        url: the server's.
        key: sent with each of them.
        ids: of what is there, by the names of paths' parameters; half of the requests name it.
        number: how many requests.
        draw: the seed.
        on_sent: is told how many were sent so far.
    """
    seen: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(headers=headers, timeout=_WITHIN_S) as client:
        description = client.get(f"{url}/openapi.json").raise_for_status().json()
        schema = schemathesis.openapi.from_dict(description)
        found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
        # The events of a job that goes on have no end: streams are sent to by themselves.
        found = [one for one in found if not one.path.endswith("/events")]
        pairs = [(one, mode) for one in found for mode in GenerationMode if _can(one, mode)]

        def send(case: Any, is_there: bool, is_known: bool) -> None:  # noqa: ANN401 - schemathesis's
            if is_known and case.query:  # one that is unknown is refused before all else
                known = {one.name for one in case.operation.query}
                case.query = {name: value for name, value in case.query.items() if name in known}
            if is_there and case.method != "DELETE":
                case.path_parameters.update({n: ids[n] for n in case.path_parameters if n in ids})
            seen[_status(client, url, case)] += 1
            on_sent(sum(seen.values()))

        for operation, mode in pairs:
            case = operation.as_strategy(generation_mode=mode)
            quickly = settings(
                max_examples=-(-number // len(pairs)),
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            seed(draw)(quickly(given(case, st.booleans(), st.booleans())(send)))()
    return seen


def _can(operation: Any, mode: GenerationMode) -> bool:  # noqa: ANN401
    return mode is GenerationMode.POSITIVE or bool(operation.query or operation.body)


def _status(client: httpx.Client, url: str, case: Any) -> str:  # noqa: ANN401
    wanted = requests.Request(**case.as_transport_kwargs(base_url=url)).prepare()
    sent: Any = {"headers": list(wanted.headers.items()), "content": wanted.body}
    try:
        answer = client.request(str(wanted.method), str(wanted.url), **sent)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return str(answer.status_code)
