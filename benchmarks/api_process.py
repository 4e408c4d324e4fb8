"""The API in a process of its own, as users run it."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx


@contextmanager
def running_api(
    environment: dict[str, str],
) -> "Iterator[tuple[subprocess.Popen[bytes], str, float]]":
    """Yields the API's process, its URL and the seconds until its first answer."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "app"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            found = None
            while found is None:
                line = process.stderr.readline()
                if not line:
                    sys.exit("the API did not start")
                found = re.search(rb"running on (http://\S+)", line)
            url = found[1].decode()
            httpx.get(f"{url}/readyz").raise_for_status()
            yield process, url, time.perf_counter() - began
        finally:
            process.terminate()
