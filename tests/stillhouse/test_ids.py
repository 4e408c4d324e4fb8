from __future__ import annotations

import pytest

from stillhouse.ids import UnknownKind, path_of


@pytest.mark.parametrize(
    ("id_", "path"),
    [
        ("job_1", "/v1/jobs/job_1"),
        ("dst_1", "/v1/datasets/dst_1"),
        ("tch_/x", "/v1/teachers/tch_%2Fx"),
    ],
)
def test_an_id_tells_where_it_is(id_: str, path: str) -> None:
    assert path_of(id_) == path


def test_what_is_no_id_is_told() -> None:
    with pytest.raises(UnknownKind, match="'std_1' is no id"):
        path_of("std_1")
