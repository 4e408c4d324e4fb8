"""Trials as runs of MLflow, in the experiment `stillhouse`, told apart by tags."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stillhouse.documents import JobStatus, Trial
from stillhouse.errors import MissingPackage, UnusableLog
from stillhouse.trial_logs import COSTS, curve, measures

_EXPERIMENT = "stillhouse"
_JOB, _TRIAL = "stillhouse.job", "stillhouse.trial"
_PAGE = 1000  # runs; as many as MLflow gives at once without being asked for fewer
# A dead server would be asked again for four minutes, while the next look tries it anyway.
_IMPATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
_ENDS = {"failed": "FAILED", "stopped": "KILLED", "cancelled": "KILLED"}


class MlflowLog:
    """An MLflow server, or a database of one.

    A run that isn't ended is of somebody who was interrupted: it is deleted and written again.

    Args:
        uri: As MLflow's tracking URI.

    Raises:
        MissingPackage: Neither mlflow-skinny nor mlflow is installed.
        UnusableLog: MLflow takes no such URI, or can't open the database that it names.
    """

    def __init__(self, uri: str) -> None:
        try:
            from mlflow import MlflowClient
        except ImportError as error:
            raise MissingPackage("a log for MLflow", "mlflow") from error
        self.name = "MLflow"
        try:
            self._client = MlflowClient(tracking_uri=uri)
        except Exception as error:  # of MLflow's, or of the database's driver
            told = str(error).strip().partition("\n")[0]
            place = uri.rpartition("@")[2]  # without a database's password
            msg = f"MLflow can't log to {place}: {told}"
            raise UnusableLog(msg) from error
        self._experiment: str | None = None
        self._known: dict[str, set[int]] = {}

    def write(self, job: JobStatus, trial: Trial) -> None:
        """Writes a trial as a run with its figures, and its accuracy by epoch."""
        with _impatient():
            experiment = self._experiment_id()
            if job.id not in self._known:
                self._known[job.id] = self._written(experiment, job.id)
            if trial.number in self._known[job.id]:
                return
            try:
                self._write_run(experiment, job, trial)
            except Exception:
                del self._known[job.id]  # a part of the run may be there: it is looked for again
                raise
            self._known[job.id].add(trial.number)

    def close(self) -> None:
        """Nothing stays open."""

    def _write_run(self, experiment: str, job: JobStatus, trial: Trial) -> None:
        from mlflow.entities import Metric, Param

        now_ms = int(time.time() * 1000)
        tags = {_JOB: job.id, _TRIAL: str(trial.number)}
        name = f"{job.name or job.id} {trial.number}"
        run = self._client.create_run(experiment, tags=tags, run_name=name)
        metrics = [Metric(key, value, now_ms, 0) for key, value in measures(trial).items()]
        metrics += [
            Metric("accuracy_by_epoch", accuracy, now_ms, epoch)
            for epoch, accuracy in enumerate(curve(trial), 1)
        ]
        params = [Param(key, str(getattr(trial, key))) for key in COSTS]
        params.append(Param("criterion", str(trial.document.get("criterion"))))
        self._client.log_batch(run.info.run_id, metrics=metrics, params=params)
        self._client.set_terminated(run.info.run_id, _ENDS.get(trial.state, "FINISHED"))

    def _experiment_id(self) -> str:
        if self._experiment is None:
            found = self._client.get_experiment_by_name(_EXPERIMENT)
            if found is not None:
                self._experiment = str(found.experiment_id)
            else:
                self._experiment = str(self._client.create_experiment(_EXPERIMENT))
        return self._experiment

    def _written(self, experiment: str, job_id: str) -> set[int]:
        """Returns the numbers of a job's trials that are there, and deletes unfinished runs."""
        numbers: set[int] = set()
        token: str | None = None
        while True:
            wanted = f"tags.`{_JOB}` = '{job_id}'"
            page = self._client.search_runs(
                [experiment], filter_string=wanted, max_results=_PAGE, page_token=token
            )
            for run in page:
                if run.info.status == "RUNNING":
                    self._client.delete_run(run.info.run_id)
                else:
                    numbers.add(int(run.data.tags[_TRIAL]))
            token = page.token
            if not token:
                return numbers


@contextmanager
def _impatient() -> Iterator[None]:
    """Has MLflow give up soon meanwhile, unless the user's environment says when."""
    ours = {name: value for name, value in _IMPATIENCE.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
