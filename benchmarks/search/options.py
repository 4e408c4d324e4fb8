"""Kinds of command-line options that these benchmarks share."""

from __future__ import annotations

import argparse


def positive(text: str) -> int:
    """Returns a number that is at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def names(text: str) -> list[str]:
    """Returns the distinct names between commas."""
    return list(dict.fromkeys(x.strip() for x in text.split(",") if x.strip()))
