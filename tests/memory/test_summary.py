"""The layers of the summary add up to the parameters, FLOPs and memory of the networks."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from mapgan import networks
from mapgan.memory.fake import build_on_meta, materialize
from mapgan.memory.meter import Meter
from mapgan.memory.summary import report, summarize
from mapgan.params import Params, load
from tests.conftest import TINY

SIZE = (48, 32)


def tiny(*settings: str) -> Params:
    return load(settings=[*TINY, *settings])


@pytest.mark.parametrize("labels", [0, 3])
@pytest.mark.parametrize("network", networks.BUILDERS)
def test_the_layers_add_up_to_the_networks(network: str, labels: int) -> None:
    params = tiny(f"train.network={network}")
    pair = networks.build(params.train.network, params.train.networks.of(params.train.network), *SIZE, labels=labels)
    label = [torch.zeros(1, dtype=torch.long)] if labels else []
    inputs = {"generator": torch.zeros(1, pair.latent), "discriminator": torch.zeros(1, 3, SIZE[1], SIZE[0])}
    for summary in summarize(params, *SIZE, labels):
        real = getattr(pair, summary.name)
        assert sum(layer.parameters for layer in summary.layers) == sum(weight.numel() for weight in real.parameters())
        with FlopCounterMode(display=False) as counter:
            real(inputs[summary.name], *label)
        assert sum(layer.multiply_adds for layer in summary.layers) == counter.get_total_flops() // 2


def test_the_decoder_is_among_the_layers() -> None:
    few, many = (summarize(tiny(f"train.reconstruction={weight}"), *SIZE)[1].layers for weight in (0, 1))
    added = {layer.name for layer in many} - {layer.name for layer in few}
    assert added == {"decoder.blocks.0", "decoder.blocks.0.conv", "decoder.blocks.1"}
    assert all(layer.backward for layer in many if layer.name in added)


@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_kept_bytes_are_those_in_use_after_the_forward_pass(precision: str) -> None:
    params = tiny(f"train.precision='{precision}'")
    _, summary = summarize(params, *SIZE)
    network = build_on_meta(params, *SIZE).discriminator
    with FakeTensorMode(), Meter() as meter:
        materialize(network)
        weights = meter.live
        images = torch.empty(1, 3, SIZE[1], SIZE[0])
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            logit = network(images)
        inputs = images.nbytes if precision == "bf16" else 0  # of which the graph saves a bf16 copy instead
        assert sum(layer.kept for layer in summary.layers) == meter.live - weights - logit.nbytes - inputs


def test_layers_compared_with_results_computed_by_hand() -> None:
    generator, discriminator = summarize(tiny("train.network=dcgan"), 32, 32)
    first = discriminator.layers[0]
    assert (first.name, first.kind, first.output) == ("blocks.0.0", "Conv2d", (4, 16, 16))
    assert first.parameters == 4 * 3 * 4 * 4 + 4
    assert first.multiply_adds == 4 * 3 * 4 * 4 * 16 * 16
    assert first.kept == 4 * 3 * 32 * 32  # the image
    assert first.backward == 4 * first.parameters  # the image needs no gradient
    norm = next(layer for layer in generator.layers if layer.kind == "BatchNorm2d")
    channels, height, width = norm.output
    assert norm.backward == 4 * (channels * height * width + 2 * channels)


def test_the_report_has_both_networks_and_their_totals() -> None:
    lines = report(tiny(), *SIZE).splitlines()
    assert lines[0] == "dcgan-modern, 48 x 32 pixels, precision no, one image"
    assert [line.split()[0] for line in lines if line.endswith("backward MiB")] == ["generator", "discriminator"]
    assert len([line for line in lines if line.startswith("total ")]) == 2
