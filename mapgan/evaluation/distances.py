"""FID, KID, precision, recall, density and coverage from features of generated and of real images, `[N, D]` float64.

KID, precision and recall are those of torch-fidelity. FID is implemented here in a form that is fast enough to
resample, and tested against torch-fidelity; density and coverage, which it does not have, are implemented here too.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mapgan import rng

MIN_IMAGES = 8  # of each kind: five neighbours need more than five images
NEIGHBOURS_PRECISION = 3  # Kynkäänniemi et al. 2019
NEIGHBOURS_DENSITY = 5  # Naeem et al. 2020
SUBSETS, MAX_IN_SUBSET = 100, 1000
FID_RESAMPLES = 20
CHUNK = 1024  # images whose distances to all others are in memory at a time

Numbers = dict[str, dict[str, float]]


def feature_metrics(generated: Tensor, real: Tensor, seed: int = 0) -> Numbers:
    """All metrics; FID and KID with 95 % intervals over other samples of the same size."""
    value, deviation = fid(generated, real), fid_deviation(generated, real, seed)
    numbers = {"FID": interval(value, deviation), "KID": kid(generated, real, seed)}
    return numbers | {name: {"value": value} for name, value in nearest_neighbour_metrics(generated, real).items()}


def interval(value: float, deviation: float) -> dict[str, float]:
    """A value and its 95 % interval, from its standard deviation."""
    return {"value": value, "low": value - 1.96 * deviation, "high": value + 1.96 * deviation}


def fid(one: Tensor, other: Tensor) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)): Heusel et al. 2017 (arXiv:1706.08500), equation 6.

    With C = X'X, the eigenvalues of C1 C2 are the squares of the singular values of X1 X2', whose size is the number of
    images and not the number of features: fast for few images.
    """
    x, y = _centred(one), _centred(other)
    root = torch.linalg.svdvals(_short(x) @ _short(y).T).sum()
    shift = (one.mean(dim=0) - other.mean(dim=0)).square().sum()
    return float(shift + x.square().sum() + y.square().sum() - 2 * root)


def _centred(x: Tensor) -> Tensor:
    return (x - x.mean(dim=0)) / math.sqrt(len(x) - 1)


def _short(x: Tensor) -> Tensor:
    """A matrix with the same X'X and no more rows than columns."""
    return torch.linalg.qr(x, mode="r").R if len(x) > x.shape[1] else x


def fid_deviation(one: Tensor, other: Tensor, seed: int) -> float:
    """The standard deviation of FID over other samples of the same size.

    Halves sampled without replacement vary as much as whole sets do (the delete-d jackknife with d = n/2, Shao and Wu
    1989). The bootstrap would be biased, because duplicates reduce the diversity.
    """
    found = []
    for number in range(FID_RESAMPLES):
        halves = [x[rng.permutation(seed, f"half {side}", number, len(x))[: len(x) // 2]]
                  for side, x in (("one", one), ("other", other))]  # fmt: skip
        found.append(fid(halves[0], halves[1]))
    return float(torch.tensor(found).std())


def kid(one: Tensor, other: Tensor, seed: int) -> dict[str, float]:
    """KID, the unbiased MMD^2 of a cubic kernel: Binkowski et al. 2018 (arXiv:1801.01401), section 4."""
    from torch_fidelity.metric_kid import kid_features_to_metric

    count = min(len(one), len(other))
    half = min(count // 2, MAX_IN_SUBSET)

    def estimate(subsets: int, size: int) -> tuple[float, float]:
        found = kid_features_to_metric(
            one, other, kid_subsets=subsets, kid_subset_size=size, rng_seed=seed % 2**32, verbose=False
        )
        return found["kernel_inception_distance_mean"], found["kernel_inception_distance_std"]

    if count <= 2 * MAX_IN_SUBSET:
        value, _ = estimate(1, count)  # one subset of all images
        _, deviation = estimate(SUBSETS, half)
    else:
        value, deviation = estimate(SUBSETS, half)
    return interval(value, deviation * math.sqrt(half / (count - half)))  # factor of the jackknife, 1 for halves


def nearest_neighbour_metrics(generated: Tensor, real: Tensor) -> dict[str, float]:
    """Precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991), density and coverage."""
    from torch_fidelity.metric_prc import prc_features_to_metric

    found = prc_features_to_metric(
        generated, real, prc_neighborhood=NEIGHBOURS_PRECISION, prc_batch_size=CHUNK, save_cpu_ram=True, verbose=False
    )
    density, coverage = density_and_coverage(generated, real)
    return {"precision": found["precision"], "recall": found["recall"], "density": density, "coverage": coverage}


def density_and_coverage(generated: Tensor, real: Tensor) -> tuple[float, float]:
    """Naeem et al. 2020 (arXiv:2002.09797), equations 3 and 4.

    Each real image has a ball that reaches to its fifth neighbour. Density is the mean number of balls that contain a
    generated image, over k; coverage is the fraction of balls that contain any.
    """
    k = NEIGHBOURS_DENSITY
    radius = torch.cat([torch.cdist(some, real).kthvalue(k + 1).values for some in torch.split(real, CHUNK)])
    balls, covered = 0, torch.zeros(len(real), dtype=torch.bool)
    for some in torch.split(generated, CHUNK):
        inside = torch.cdist(some, real) < radius
        balls += int(inside.sum())
        covered |= inside.any(dim=0)
    return balls / (k * len(generated)), float(covered.double().mean())
