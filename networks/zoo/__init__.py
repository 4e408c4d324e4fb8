"""Networks by name: the paper's in their 32x32 form, torchvision's and timm's."""

from __future__ import annotations

from networks.zoo.names import NETWORK_NAMES, input_size, native_size, network

__all__ = ["NETWORK_NAMES", "input_size", "native_size", "network"]
