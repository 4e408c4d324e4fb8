"""Run by `workers.confined`: says what a stranger's file could reach, and takes memory if told."""

from __future__ import annotations

import json
import socket
import sys


def main() -> None:
    """Answers with the network's interfaces, after it took as many bytes as it is asked to."""
    taken = bytearray(json.load(sys.stdin)["take_bytes"])
    reached = [name for _, name in socket.if_nameindex() if name != "lo"]
    sys.stdout.write(json.dumps({"interfaces": reached, "taken_bytes": len(taken)}))


if __name__ == "__main__":
    main()
