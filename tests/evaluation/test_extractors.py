"""Extractors: what they are given, what they give, and what is said when they cannot."""

from __future__ import annotations

import sys
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mapgan.errors import MapganError
from mapgan.evaluation.extractors import BATCH, ExtractorUnavailable, features, open_extractor
from tests.evaluation.test_swd import noise, rooms
from tests.evaluation.tiny_onnx import write_onnx

onnxruntime = pytest.importorskip("onnxruntime", reason='the extra is not installed: pip install "mapgan[metrics]"')


@pytest.mark.parametrize("shape", [["N", 3, 32, 32], [1, 3, "H", "W"], ["N", 32, 32, 3]])
def test_features_are_those_of_the_image_in_0_to_1(tmp_path: Path, shape: list[int | str]) -> None:
    image = noise(1, 0)[0]
    means = (image / 255).reshape(2, 16, 2, 16, 3).mean(axis=(1, 3)).transpose(2, 0, 1).ravel()
    extractor = open_extractor(str(write_onnx(tmp_path / "means.onnx", shape, 16)))
    assert extractor.name == "means.onnx"
    np.testing.assert_allclose(extractor(image[None])[0], means, atol=1e-6)


def test_images_are_brought_to_the_files_size(tmp_path: Path) -> None:
    extractor = open_extractor(str(write_onnx(tmp_path / "means.onnx", ["N", 3, 16, 16], 16)))
    image = noise(1, 0, size=64)[0]
    np.testing.assert_allclose(extractor(image[None])[0], (image / 255).mean(axis=(0, 1)), atol=5e-3)


def test_a_batch_gives_the_features_of_its_images(tmp_path: Path) -> None:
    extractor = open_extractor(str(write_onnx(tmp_path / "means.onnx", ["N", 3, 32, 32], 8)))
    images = rooms(BATCH + 3, 0)
    one_by_one = torch.cat([extractor(image[None]) for image in images])
    together = features(extractor, images)
    assert together.shape == one_by_one.shape
    for row in together:
        assert min(float((row - other).abs().max()) for other in one_by_one) < 1e-6


def test_a_file_for_one_image_at_a_time_gets_one(tmp_path: Path) -> None:
    extractor = open_extractor(str(write_onnx(tmp_path / "means.onnx", [1, 3, 32, 32], 8)))
    assert len(features(extractor, rooms(5, 0))) == 5


def test_the_order_of_images_does_not_matter_at_all(tmp_path: Path) -> None:
    extractor = open_extractor(str(write_onnx(tmp_path / "means.onnx", ["N", 3, 32, 32], 8)))
    images = rooms(20, 0)
    assert torch.equal(features(extractor, images), features(extractor, images[::-1]))


def test_a_bad_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MapganError, match="no such file"):
        open_extractor(str(tmp_path / "none.onnx"))
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    with pytest.raises(MapganError, match="not an ONNX file, or damaged"):
        open_extractor(str(tmp_path / "bad.onnx"))
    with pytest.raises(MapganError, match=r"takes tensor\(float\) \['N', 4, 8, 8\]"):
        open_extractor(str(write_onnx(tmp_path / "four.onnx", ["N", 4, 8, 8], 8)))


@pytest.mark.parametrize("package", ["onnxruntime", "torch_fidelity"])
def test_without_the_extra_a_line_says_what_to_install(
    tmp_path: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    path = write_onnx(tmp_path / "means.onnx", ["N", 3, 8, 8], 8)
    with pytest.raises(ExtractorUnavailable, match=r'pip install "mapgan\[metrics\]"'):
        open_extractor("inception" if package == "torch_fidelity" else str(path))


def test_without_its_weights_a_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    inception = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")

    def offline(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("no net")

    monkeypatch.setattr(inception, "load_state_dict_from_url", offline)
    with pytest.raises(ExtractorUnavailable, match=r"weights could not be fetched .*no net"):
        open_extractor("inception")
