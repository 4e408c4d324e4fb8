"""A module that does what it is told, for children's limits to be tried on."""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def tell(document: dict[str, Any]) -> None:
    told = {
        "document": document,
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "parent": os.getppid(),
        "oom_score_adj": Path("/proc/self/oom_score_adj").read_text().strip(),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def hold_plain(document: dict[str, Any]) -> None:
    sys.stdout.write(str(len(bytearray(document["bytes"]))))


def hold_numpy(document: dict[str, Any]) -> None:
    sys.stdout.write(str(np.ones(document["bytes"], np.uint8).sum()))


def hold_torch(document: dict[str, Any]) -> None:
    import torch

    sys.stdout.write(str(torch.ones(document["bytes"] // 4).sum().item()))


def write(document: dict[str, Any]) -> None:
    Path("large").write_bytes(bytes(document["bytes"]))


def open_files(_: dict[str, Any]) -> None:
    files = [Path(os.devnull).open() for _ in range(1000)]  # noqa: SIM115
    sys.stdout.write(str(len(files)))


def say(document: dict[str, Any]) -> None:
    sys.stdout.write(document["text"])


def connect(document: dict[str, Any]) -> None:
    socket.create_connection(("127.0.0.1", document["port"]), 5)


def die(document: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.Signals[document["signal"]])


def fork(_: dict[str, Any]) -> None:
    os.fork()
    time.sleep(600)


def fail(_: dict[str, Any]) -> None:
    raise LookupError("no such luck")


def fail_of(document: dict[str, Any]) -> None:
    raise OSError(document["errno"], "so the disk says")


def fail_of_safetensors(document: dict[str, Any]) -> None:
    from safetensors import SafetensorError

    raise SafetensorError(f"I/O error: so the disk says (os error {document['errno']})")


def spin(_: dict[str, Any]) -> None:
    while True:
        pass


if __name__ == "__main__":
    asked = json.loads(sys.stdin.read())
    globals()[asked["do"]](asked)
