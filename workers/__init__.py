"""Trains and drives: a job's coordinator, the Ray pool, trials, distillation, data."""
