"""FID, KID and the rest on known answers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mapgan.evaluation.distances import density_and_coverage, feature_metrics, fid, kid

pytest.importorskip("torch_fidelity", reason='the extra is not installed: pip install "mapgan[metrics]"')


def cloud(count: int, seed: int, shift: float = 0.0, width: int = 12) -> Tensor:
    return torch.randn(count, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + shift


@pytest.mark.parametrize("count", [8, 12, 40])
def test_fid_is_that_of_torch_fidelity(count: int) -> None:
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    one, other = cloud(count, 0), 2 * cloud(count + 3, 1, shift=1.0)
    theirs = fid_statistics_to_metric(fid_features_to_statistics(one), fid_features_to_statistics(other), False)
    assert fid(one, other) == pytest.approx(theirs["frechet_inception_distance"], rel=1e-5)


def test_fid_of_two_known_normals() -> None:
    one = cloud(4000, 0, width=3)
    assert fid(one, one + 2.0) == pytest.approx(12.0)
    assert fid(one, 3.0 * one) == pytest.approx(4 * float(one.var(dim=0).sum()) + 4 * float(one.mean(0).square().sum()))


def test_kid_is_the_formula_written_the_long_way() -> None:
    one, other = cloud(9, 0), cloud(9, 1, shift=0.5)
    k = [[[float((a @ b / 12 + 1) ** 3) for b in y] for a in x] for x, y in ((one, one), (other, other), (one, other))]
    apart = [sum(row[j] for i, row in enumerate(table) for j in range(9) if i != j) / 72 for table in k[:2]]
    long = sum(apart) - 2 * sum(map(sum, k[2])) / 81
    assert kid(one, other, 0)["value"] == pytest.approx(long)


def test_a_set_is_near_itself_and_its_like_and_far_from_others() -> None:
    real = cloud(100, 0)
    itself, like, other = (feature_metrics(x, real) for x in (real, cloud(100, 1), cloud(100, 2, shift=4.0)))
    assert abs(itself["FID"]["value"]) < 1e-6
    assert itself["KID"]["value"] <= 0  # unbiased: pairs of one with itself are left out on one side only
    assert itself["precision"]["value"] == itself["recall"]["value"] == itself["coverage"]["value"] == 1
    assert like["KID"]["low"] < 0.05 < like["KID"]["high"] + 0.1
    assert like["precision"]["value"] > 0.6
    assert other["FID"]["value"] > 10 * like["FID"]["value"]
    assert other["KID"]["low"] > 5 * like["KID"]["high"] > 0
    assert {other[name]["value"] for name in ("precision", "recall", "density", "coverage")} == {0}


def test_one_mode_of_two_has_precision_and_no_recall() -> None:
    real = torch.cat([cloud(60, 0), cloud(60, 1, shift=9.0)])
    found = feature_metrics(cloud(120, 2), real)
    assert found["precision"]["value"] > 0.8
    assert 0.3 < found["recall"]["value"] < 0.55
    assert 0.3 < found["coverage"]["value"] < 0.55


def test_intervals_hold_what_other_draws_give() -> None:
    first = feature_metrics(cloud(60, 0), cloud(60, 1, shift=0.4))["KID"]
    others = [kid(cloud(60, 2 * n), cloud(60, 2 * n + 1, shift=0.4), 0)["value"] for n in range(10, 50)]
    middle = sum(others) / len(others)
    width = 2 * 1.96 * float(torch.tensor(others).std())
    assert first["low"] < middle < first["high"]
    assert 0.6 < (first["high"] - first["low"]) / width < 1.7


def test_density_and_coverage_counted_by_hand() -> None:
    real = torch.arange(6.0, dtype=torch.float64)[:, None]  # the fifth neighbour is 5, 4, 3, 3, 4, 5 away
    generated = torch.tensor([[0.0], [9.5]], dtype=torch.float64)  # in the balls of 0, 1 and 2; in that of 5
    assert density_and_coverage(generated, real) == (pytest.approx(4 / 10), pytest.approx(4 / 6))
