"""Serves and remembers: the HTTP API, SQL and artifacts. Never imports torch."""
