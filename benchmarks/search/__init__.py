"""Searches that read tables of trained networks as if they trained them, and their peers."""
