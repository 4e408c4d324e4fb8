"""What a benchmark ran on."""

from pathlib import Path


def processor() -> str:
    """Returns the processor's name as the kernel tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "unknown")
