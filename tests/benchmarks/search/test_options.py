from __future__ import annotations

import argparse

import pytest

from benchmarks.search.options import names, positive


def test_a_count_is_at_least_one() -> None:
    assert positive("3") == 3
    for text in ("0", "-1"):
        with pytest.raises(argparse.ArgumentTypeError, match="at least 1"):
            positive(text)


def test_names_are_distinct_and_trimmed() -> None:
    assert names("a, b,,a ") == ["a", "b"]
