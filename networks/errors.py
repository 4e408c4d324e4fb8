"""What can go wrong with a network, under one root."""

from __future__ import annotations


class NetworkError(Exception):
    """Root of every error that `networks` raises."""


class ArchitectureError(NetworkError):
    """Raised when an architecture's JSON or graph is not a valid network."""


class TraceError(NetworkError):
    """Raised when a module can't be traced into an architecture."""


class EditError(NetworkError):
    """Raised when edits name something that the teacher doesn't have, or don't fit it."""


class NothingToEditError(NetworkError):
    """Raised when a network has neither a removable layer nor a channel group."""


class UnknownNetworkError(NetworkError):
    """Raised when a network's name is none of `NETWORK_NAMES`."""


class WeightsError(NetworkError):
    """Raised when weights are missing, superfluous or of the wrong shape for an architecture."""


class ExportError(NetworkError):
    """Raised when an exported file doesn't compute what the network computes."""
