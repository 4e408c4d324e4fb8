"""The HTTP routes; all SQL is in the repositories."""
