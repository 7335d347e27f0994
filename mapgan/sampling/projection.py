"""Projection: the latent that draws a given image most nearly."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from mapgan.errors import MapganError
from mapgan.progress import Bar
from mapgan.sampling.large import LARGE
from mapgan.sampling.latents import latent
from mapgan.sampling.render import Renderer

STARTS = 24  # seeds, of which each site of the first latent is chosen
SCALES = 4  # of the distance, each half as large as the one before
LEARNING_RATE = 0.1  # of Adam, in units of the latent's standard deviation; it falls to 0 along a cosine
PRIOR = 0.02  # weight of the latent's mean square, which is 1 for those of N(0, 1)


def project(renderer: Renderer, image: Tensor, steps: int, label: list[int] | None = None) -> tuple[Tensor, float]:
    """Find the latent whose image is nearest to `image`, by gradient descent.

    The distance is the mean squared difference of pixels, at several resolutions, as the coarse ones place what the
    fine ones sharpen (compare Abdal et al. 2019, Image2StyleGAN, arXiv:1904.03189, section 5, with features of VGG).
    The search begins where each site has the latent of the seed that draws its part of the image most nearly: a room
    that is missing from all of the neighbourhood has no gradient.

    Args:
        renderer: of the generator, at the size of the image.
        image: `[3, H, W]` in [-1, 1].
        steps: of Adam.
        label: the number of the label, if the generator was trained with labels.

    Returns:
        The latent, `[latent]` float32 on the CPU, and the root of its mean squared distance.

    Raises:
        MapganError: the image is too large to differentiate through.
    """
    if math.prod(image.shape[1:]) > LARGE:
        raise MapganError(f"an image of {image.shape[2]} x {image.shape[1]} pixels", "name a smaller --size")
    network = renderer.network.requires_grad_(False)
    weight = next(network.parameters())
    target, labels = image.to(weight)[None], () if label is None else (torch.tensor(label, device=weight.device),)
    with Bar("project", total=STARTS + steps) as bar:
        z = _start(renderer, target, labels, bar).requires_grad_()
        least, nearest = math.inf, z.detach()
        optimizer = torch.optim.Adam([z], LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(steps):
            optimizer.zero_grad()
            apart = distance(network(z, *labels), target)
            if apart.item() < least:
                least, nearest = apart.item(), z.detach().clone()
            (apart + PRIOR * (z.square().mean() - 1).square()).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            bar.advance(note=f"{math.sqrt(least):.3f}")
    return nearest[0].float().cpu(), math.sqrt(least)


@torch.no_grad()
def _start(renderer: Renderer, target: Tensor, labels: tuple[Tensor, ...], bar: Bar) -> Tensor:
    """Of the latents of `STARTS` seeds, for each site the one that is nearest there; `[1, latent]`."""
    shape = renderer.latents.shape
    latents = [latent(seed, shape.size) for seed in range(STARTS)]
    apart = []
    for z in latents:
        image = renderer.network(z.to(target)[None], *labels)
        apart.append(F.adaptive_avg_pool2d((image - target).square().mean(dim=1), (shape.rows, shape.columns))[0])
        bar.advance()
    differences = torch.stack(apart).cpu()
    chosen = differences.argmin(dim=0)
    grids = torch.stack([shape.grid(z) for z in latents])
    sites = grids.gather(0, chosen.expand(1, shape.channels, -1, -1))[0]
    theme = shape.split(latents[int(differences.mean(dim=(1, 2)).argmin())])[1]
    return torch.cat([sites.flatten(), theme.flatten()]).to(target)[None]


def distance(images: Tensor, target: Tensor) -> Tensor:
    """The mean squared difference of `[1, 3, H, W]` at `SCALES` resolutions, averaged over them."""
    apart = []
    for _ in range(SCALES):
        apart.append((images - target).square().mean())
        images, target = F.avg_pool2d(images, 2), F.avg_pool2d(target, 2)
    return torch.stack(apart).mean()
