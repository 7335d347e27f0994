"""The meter compared with results computed by hand, on real and fake tensors."""

from __future__ import annotations

import contextlib

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from mapgan.memory.meter import Meter, peak
from mapgan.networks.stack import Stack, set_checkpointing

KIB = 1024

MODES = pytest.mark.parametrize("mode", [contextlib.nullcontext, FakeTensorMode], ids=["real", "fake"])


@MODES
def test_each_storage_counts_once_until_it_is_freed(mode: type) -> None:
    with mode(), Meter() as meter:
        first = torch.zeros(KIB)
        views = [first[:10], first.view(32, 32).t()]
        assert meter.live == 4 * KIB
        second = first + 1
        assert (meter.live, meter.peak) == (8 * KIB, 8 * KIB)
        del first, views
        assert (meter.live, meter.peak) == (4 * KIB, 8 * KIB)
        second.mul_(2)
        second = second.to(torch.bfloat16)
        assert (meter.live, meter.peak) == (2 * KIB, 8 * KIB)


@MODES
def test_tensors_saved_by_the_graph_are_freed_in_the_backward_pass(mode: type) -> None:
    with mode(), Meter() as meter:
        weight = torch.ones(KIB, requires_grad=True)
        loss = weight.exp().square().sum()
        assert meter.live == 2 * 4 * KIB + 4  # the weight, its exponentials, and the loss; the squares are freed
        loss.backward()
        del loss
        assert meter.live == 2 * 4 * KIB
        assert weight.grad is not None


@MODES
def test_flops_include_recomputation(mode: type) -> None:
    def flops(checkpointing: str) -> int:
        with mode():
            blocks = [nn.Conv2d(4, 4, 3, padding=1) for _ in range(3)]
            stack = Stack([nn.Sequential(block, nn.ReLU()) for block in blocks], high_res="last")
            set_checkpointing(stack, checkpointing)  # type: ignore[arg-type]
            with Meter() as meter:
                stack(torch.zeros(2, 4, 8, 8)).sum().backward()
        return meter.flops

    once = 2 * 2 * 4 * 4 * 9 * 8 * 8  # multiply and add, images, input and output channels, kernel, pixels
    forward, weights, inputs = 3 * once, 3 * once, 2 * once  # the first block's input needs no gradient
    assert flops("none") == forward + weights + inputs
    assert flops("high") == flops("none") + 2 * once
    assert flops("all") == flops("none") + 3 * once


def test_peak_of_changes() -> None:
    assert peak([]) == 0
    assert peak([5, -3, 4, -6]) == 6
