from __future__ import annotations

import sys

import pytest

from stillhouse import Client, MissingPackage
from tests.stillhouse.fake_server import JOB_ID, FakeServer, trial_document


def test_without_pandas_it_is_said_what_to_install(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackage, match=r"pip install 'stillhouse\[pandas\]'"):
        client.job(JOB_ID).trials_frame()


def test_trials_are_a_table(client: Client, fake: FakeServer) -> None:
    pandas = pytest.importorskip("pandas")
    source = {"job": "job_1", "trial": 7}
    fake.trials = [
        trial_document(0, accuracy=0.5, curve=[0.25, 0.5], reused_from=source),
        trial_document(1, state="failed", accuracy=None, error={"title": "Diverged"}),
    ]
    table = client.job(JOB_ID).trials_frame()
    assert table.index.tolist() == [0, 1]
    assert table["params"].tolist() == [9_510, 9_511]
    assert table.loc[0, "curve"] == [0.25, 0.5]
    assert table.loc[0, ["reused_job", "reused_trial"]].tolist() == ["job_1", 7]
    assert pandas.isna(table.loc[1, "accuracy"])
    assert pandas.isna(table.loc[1, "reused_trial"])
    assert table["error"].tolist()[1] == "Diverged"
    assert str(table["accuracy"].dtype) == "float64"


def test_a_job_without_trials_is_an_empty_table(client: Client, fake: FakeServer) -> None:
    pytest.importorskip("pandas")
    fake.trials = []
    table = client.job(JOB_ID).trials_frame()
    assert len(table) == 0
    assert {"accuracy", "curve", "error"} <= set(table.columns)
