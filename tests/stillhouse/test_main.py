import subprocess
import sys

from stillhouse.errors import Unreachable


def test_the_package_is_the_command_line() -> None:
    jobs = [sys.executable, "-m", "stillhouse", "jobs", "--url", "http://127.0.0.1:1"]
    ended = subprocess.run(jobs, capture_output=True, text=True, check=False)
    assert ended.returncode == Unreachable.exit_code
    assert "no answer from http://127.0.0.1:1" in ended.stderr
