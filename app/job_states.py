"""The states of a job, by what may happen to it."""

BEGUN_STATES = ("preparing", "searching", "finishing")
WORKABLE_STATES = ("queued", *BEGUN_STATES)
ENDED_STATES = ("succeeded", "failed", "cancelled")
