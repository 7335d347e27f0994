"""Networks on fake tensors: like real ones, and the same on the CPU and on a GPU."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from mapgan.memory.fake import build_on_meta, materialize
from mapgan.networks import BUILDERS, build
from mapgan.params import load
from tests.conftest import TINY


def test_fake_weights_have_the_shapes_types_and_strides_of_real_ones() -> None:
    params = load(settings=TINY)
    fake_pair = build_on_meta(params, 48, 32)
    real_pair = build(params.train.network, params.train.networks.of(params.train.network), 48, 32)
    for name in ("generator", "discriminator"):
        with FakeTensorMode():
            materialize(getattr(fake_pair, name))
        fakes = getattr(fake_pair, name).state_dict()
        reals = getattr(real_pair, name).to(memory_format=torch.channels_last).state_dict()
        assert fakes.keys() == reals.keys()
        for key, fake in fakes.items():
            assert (fake.shape, fake.dtype, fake.stride()) == (reals[key].shape, reals[key].dtype, reals[key].stride())


class DtypeLog(TorchDispatchMode):
    """Records the dtype of the result of each operation."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[tuple[str, torch.dtype]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        first = result[0] if isinstance(result, tuple) else result
        if isinstance(first, Tensor):
            self.results.append((str(func), first.dtype))
        return result


MODERN = "train.networks.dcgan-modern"
FULL = [f"{MODERN}.{setting}" for setting in ("excitation=true", "spectral_norm=true", "noise=0.1")]
CASES = [
    *([f"train.network={name}"] for name in BUILDERS),
    *([f"{MODERN}.latent_kind={kind}", *FULL] for kind in ("constant", "spatial")),
    ["train.network=dcgan", "train.networks.dcgan.generator_norm=pixel", "train.networks.dcgan.generator_dropout=0.1"],
]


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_mixed_precision_is_the_same_on_a_gpu(settings: list[str]) -> None:
    """Memory is predicted with the CPU's autocast; the GPU's has another list of operations that run in float32."""
    params = load(settings=[*TINY, *settings, "train.networks.dcgan-modern.convolutions=2"])

    def dtypes(device: str) -> list[tuple[str, torch.dtype]]:
        pair = build_on_meta(params, 32, 32)
        with FakeTensorMode():
            for network in (pair.generator, pair.discriminator):
                materialize(network)
                _move(network, device)
            torch.set_autocast_dtype(device, torch.bfloat16)
            torch.set_autocast_enabled(device, True)  # torch.autocast requires a GPU
            try:
                with DtypeLog() as log:
                    pair.generator(torch.empty(2, pair.latent, device=device))
                    pair.discriminator(torch.empty(2, 3, 32, 32, device=device))
            finally:
                torch.set_autocast_enabled(device, False)
        return log.results

    floats = (torch.float32, torch.bfloat16)
    cpu, cuda = ([result for result in dtypes(device) if result[1] in floats] for device in ("cpu", "cuda"))
    assert _computations(cuda) == _computations(cpu)


def _computations(results: list[tuple[str, torch.dtype]]) -> list[tuple[str, torch.dtype]]:
    """The operations that compute, sorted; memory layouts and views may differ between devices."""
    layout = ("prim.", "aten.view", "aten._unsafe_view", "aten.clone", "aten.detach")
    return sorted(((name, dtype) for name, dtype in results if not name.startswith(layout)), key=str)


def _move(network: nn.Module, device: str) -> None:
    """`Module.to` for fake tensors."""
    for module in network.modules():
        for name, weight in module.named_parameters(recurse=False):
            module.register_parameter(name, nn.Parameter(torch.empty_like(weight, device=device)))
        for name, buffer in module.named_buffers(recurse=False):
            module.register_buffer(name, torch.empty_like(buffer, device=device))
