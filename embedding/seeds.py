"""Every draw's seed: derived from the job's seed, what the draw is for, and a number."""

import hashlib

import torch


def derive_seed(job_seed: int, purpose: str, number: int) -> int:
    """Derives the seed of one draw.

    Args:
        job_seed: the job's seed on record.
        purpose: what is drawn, e.g. `"propose"`.
        number: which of such draws it is, e.g. the next trial's number.

    Returns:
        A number from 0 to 2**63 - 1, the same on every machine.
    """
    text = f"{job_seed}/{purpose}/{number}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(job_seed: int, purpose: str, number: int) -> torch.Generator:
    """Returns a generator that starts at the derived seed."""
    return torch.Generator().manual_seed(derive_seed(job_seed, purpose, number))
