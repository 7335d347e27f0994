"""Measures of a single image, to pick the best by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from mapgan.errors import MapganError
from mapgan.networks.generator_file import About, load_network
from mapgan.sampling.generate import Pixels

EDGE = 32  # difference between neighbouring pixels, of 255, above which there is an edge
LUMA = np.array([0.299, 0.587, 0.114])  # of ITU-R BT.601


def edge_density(image: Pixels) -> float:
    """The fraction of pixels of `[H, W, 3]` uint8 at an edge: of walls, lines, texture."""
    grey = image @ LUMA
    down = np.abs(np.diff(grey, axis=0))[:, :-1]
    across = np.abs(np.diff(grey, axis=1))[:-1]
    return float((np.maximum(down, across) > EDGE).mean())


class Critic:
    """A discriminator that says how real an image looks.

    Args:
        path: its file.
        device: where it runs.

    Raises:
        MapganError: it is not a discriminator of mapgan's.
    """

    def __init__(self, path: Path, device: str) -> None:
        network, self.about = load_network(path)
        if self.about.part != "discriminator":
            raise MapganError(f"{path}: holds a {self.about.part}", "put the run's discriminator.safetensors there")
        self.network: nn.Module = network.to(device)
        self.device = device

    def check(self, about: About, size: tuple[int, int]) -> None:
        """Check that it goes with the generator `about`, and that maps of `size` are large enough for it.

        Raises:
            MapganError: it does not, or they are not.
        """
        own = self.about
        if (own.width, own.height, own.labels) != (about.width, about.height, about.labels):
            raise MapganError("--by logit: the discriminator is of another run", "choose --by edges")
        if size[0] < own.width or size[1] < own.height:
            raise MapganError(
                f"--by logit: the discriminator sees {own.width} x {own.height} pixels at a time",
                "draw maps at least as large, or choose --by edges",
            )

    @torch.no_grad()
    def logit(self, image: Pixels, label: int | None = None) -> float:
        """The mean logit over `image`, `[H, W, 3]` uint8, which is covered with windows of the size D was trained on.

        Args:
            image: at least of that size.
            label: the number of its label, if D was trained with labels.
        """
        pixels = torch.from_numpy(image).to(self.device).permute(2, 0, 1).float() / 127.5 - 1
        height, width = self.about.height, self.about.width
        cut = [
            pixels[:, top : top + height, left : left + width]
            for top in starts(image.shape[0], height)
            for left in starts(image.shape[1], width)
        ]
        labels = () if label is None else (torch.full((len(cut),), label, device=self.device),)
        return float(self.network(torch.stack(cut), *labels).mean())


def starts(side: int, window: int) -> list[int]:
    """Where windows start that cover `side` pixels, evenly and with as little overlap as there can be."""
    count = -(-side // window)
    return [round(number * (side - window) / max(1, count - 1)) for number in range(count)]
