"""Networks without weights: built in a moment, however large, to look at their shapes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.modules import module as torch_module


@contextmanager
def weightless() -> Iterator[None]:
    """Modules that this thread builds inside have their parameters and buffers on the meta device.

    Each goes there as its module registers it, so that initialising it costs nothing; other tensors
    stay real, since some networks compute their own sizes with tensors (`torch.device("meta")`
    breaks RegNet).
    """
    thread = threading.get_ident()

    def to_meta(_module: nn.Module, _name: str, tensor: Tensor | None) -> Tensor | None:
        if threading.get_ident() != thread or tensor is None or tensor.is_meta:
            return None
        if isinstance(tensor, nn.Parameter):
            return nn.Parameter(tensor.detach().to("meta"), requires_grad=tensor.requires_grad)
        return tensor.to("meta")

    # PyTorch types the hooks as giving nothing, and documents that they give the new value.
    handles = [
        torch_module.register_module_parameter_registration_hook(to_meta),  # type: ignore[arg-type]
        torch_module.register_module_buffer_registration_hook(to_meta),  # type: ignore[arg-type]
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
