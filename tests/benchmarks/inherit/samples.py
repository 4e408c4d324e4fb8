"""A few coloured squares in the files that CIFAR-10 comes in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from tests.networks.conftest import traced


def write_cifar(folder: Path, train: int = 120, test: int = 10) -> None:
    draws = np.random.default_rng(0)
    for name, n in (("train-20k.npz", train), ("test-5k.npz", test)):
        labels = np.arange(n) % 10
        images = draws.integers(0, 60, (n, 32, 32, 3), dtype=np.uint8)
        images += (labels * 19).astype(np.uint8)[:, None, None, None]
        np.savez(folder / name, images=images, labels=labels)


def write_teacher(file: Path) -> None:
    """Random weights, of a head with ten classes."""
    weights = dict(traced("zoo/resnet20").weights)
    for role in ("weight", "bias"):
        weights[f"fc.{role}"] = torch.cat([weights[f"fc.{role}"]] * 2)[:10]
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, file)
