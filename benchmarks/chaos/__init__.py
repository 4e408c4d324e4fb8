"""Faults by the hundred against a real installation, and an audit of what is left of its jobs."""
