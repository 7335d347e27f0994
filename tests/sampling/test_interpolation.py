"""Interpolation: the ends, the length on the way, and the cases without a plane to turn in."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mapgan.sampling.interpolation import lerp, slerp
from mapgan.sampling.latent_shape import LatentShape
from tests.sampling.vivid import latents_of

SHAPE = LatentShape(6, rows=2, columns=3, theme=4)
FRACTIONS = st.floats(-0.5, 1.5)


def both() -> tuple[torch.Tensor, torch.Tensor]:
    one, other = latents_of(2, SHAPE.size).double()
    return one, other


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_the_ends_are_the_latents(fraction: float) -> None:
    one, other = both()
    for end in (lerp(one, other, fraction), slerp(one, other, fraction, SHAPE)):
        assert torch.allclose(end, other if fraction else one, atol=1e-12)


@given(FRACTIONS)
def test_each_site_and_the_theme_turn_evenly_and_keep_their_length(fraction: float) -> None:
    one, other = both()
    on_the_way = slerp(one, other, fraction, SHAPE)
    for first, last, found in zip(*map(SHAPE.split, (one, other, on_the_way)), strict=True):
        length = first.norm(dim=0) ** (1 - fraction) * last.norm(dim=0) ** fraction
        assert torch.allclose(found.norm(dim=0), length)
        whole, part = (torch.arccos(torch.cosine_similarity(first, end, dim=0).clamp(-1, 1)) for end in (last, found))
        turned = (fraction * whole).abs()
        assert torch.allclose(part, torch.minimum(turned, 2 * math.pi - turned), atol=1e-6)


@given(FRACTIONS)
def test_latents_in_one_line_are_interpolated_straight(fraction: float) -> None:
    one, _ = both()
    for other in (one, 2 * one, -one, 0 * one):
        assert torch.allclose(slerp(one, other, fraction, SHAPE), lerp(one, other, fraction), atol=1e-4)


def test_a_vector_is_one_site() -> None:
    one, other = torch.tensor([3.0, 0.0]).double(), torch.tensor([0.0, 3.0]).double()
    assert torch.allclose(slerp(one, other, 0.5, LatentShape(2)), torch.full((2,), 3 / math.sqrt(2)).double())


def test_a_dimension_is_the_same_at_all_sites() -> None:
    sites, theme = SHAPE.split(SHAPE.spread(torch.arange(10.0)))
    assert torch.equal(sites, torch.arange(6.0)[:, None].expand(6, 6))
    assert torch.equal(theme, torch.arange(6.0, 10)[:, None])
