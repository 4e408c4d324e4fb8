import logging
import socket
import urllib.request

import pytest

from tests.app.test_http_metrics import samples_of, value
from workers.metrics import tell_metrics


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_they_are_told_at_a_port_and_a_second_coordinator_goes_on_without(
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = _free_port()
    with caplog.at_level(logging.INFO):
        tell_metrics("127.0.0.1", port)
        tell_metrics("127.0.0.1", port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        seen = samples_of(answer.read().decode())
    assert value(seen, "stillhouse_coordinator_busy") == 0
    assert value(seen, "stillhouse_jobs_ended_total", state="failed") is not None
    told, refused = caplog.records
    assert f"http://127.0.0.1:{port}/metrics" in told.getMessage()
    assert refused.levelno == logging.WARNING
    assert "STILLHOUSE_METRICS_PORT of its own" in refused.getMessage()


@pytest.mark.parametrize("host", ["nothing.invalid", "203.0.113.7"])
def test_an_address_that_is_not_ours_is_a_warning(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    tell_metrics(host, _free_port())
    assert "can't be told" in caplog.text


def test_no_port_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("workers.metrics.start_http_server")
    tell_metrics("127.0.0.1", 0)
