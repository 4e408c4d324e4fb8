"""Trials as runs of MLflow, in the experiment `stillhouse`, told apart by tags."""

from __future__ import annotations

import time

from stillhouse.documents import JobStatus, Trial
from stillhouse.errors import MissingPackage
from stillhouse.trial_logs import COSTS, curve, measures

_EXPERIMENT = "stillhouse"
_JOB, _TRIAL = "stillhouse.job", "stillhouse.trial"
_PAGE = 1000  # runs; as many as MLflow gives at once without being asked for fewer
_ENDS = {"failed": "FAILED", "stopped": "KILLED", "cancelled": "KILLED"}


class MlflowLog:
    """An MLflow server, or a database of one.

    A run that isn't ended is of somebody who was interrupted: it is deleted and written again.

    Args:
        uri: As MLflow's tracking URI.

    Raises:
        MissingPackage: Neither mlflow-skinny nor mlflow is installed.
    """

    def __init__(self, uri: str) -> None:
        try:
            from mlflow import MlflowClient
        except ImportError as error:
            raise MissingPackage("a log for MLflow", "mlflow") from error
        self.name = "MLflow"
        self._client = MlflowClient(tracking_uri=uri)
        self._experiment: str | None = None
        self._known: dict[str, set[int]] = {}

    def write(self, job: JobStatus, trial: Trial) -> None:
        """Writes a trial as a run with its figures, and its accuracy by epoch."""
        from mlflow.entities import Metric, Param

        experiment = self._experiment_id()
        if job.id not in self._known:
            self._known[job.id] = self._written(experiment, job.id)
        if trial.number in self._known[job.id]:
            return
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
        self._known[job.id].add(trial.number)

    def close(self) -> None:
        """Nothing stays open."""

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
