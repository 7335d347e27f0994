"""Networks on fake tensors, which have shapes and types but no memory."""

from __future__ import annotations

import torch
from accelerate.utils.operations import convert_outputs_to_fp32
from torch import nn

from mapgan import networks
from mapgan.networks.pair import Pair
from mapgan.params import Params

PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16}


def build_on_meta(params: Params, width: int, height: int, labels: int = 0, label_square: int = 0) -> Pair:
    """The networks of the settings, on the device `meta`."""
    settings = params.train
    with torch.device("meta"):
        section, rebuild = settings.networks.of(settings.network), settings.reconstruction > 0
        return networks.build(
            settings.network,
            section,
            width,
            height,
            labels=labels,
            label_square=label_square,
            reconstruction=rebuild,
        )


def materialize(network: nn.Module) -> None:
    """Move a network from `meta` to the CPU, channels last: to fake tensors under `FakeTensorMode`."""
    for module in network.modules():
        for name, weight in module.named_parameters(recurse=False):
            values = torch.empty(weight.shape, dtype=weight.dtype, memory_format=_layout(weight))
            module.register_parameter(name, nn.Parameter(values, weight.requires_grad))
        for name, buffer in module.named_buffers(recurse=False):
            module.register_buffer(name, torch.empty(buffer.shape, dtype=buffer.dtype))


def _layout(weight: torch.Tensor) -> torch.memory_format:
    return torch.channels_last if weight.ndim == 4 else torch.contiguous_format


def mix_precision(network: nn.Module, precision: str) -> None:
    """Make `network` compute in `precision` and return float32, as Accelerate's `prepare` does."""
    if dtype := PRECISIONS.get(precision):
        lowered = torch.autocast("cpu", dtype)(network.forward)
        network.forward = convert_outputs_to_fp32(lowered)
