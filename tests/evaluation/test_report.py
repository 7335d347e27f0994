"""The evaluate stage as a whole, with generators whose images are known."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mapgan import files, networks, stages
from mapgan.dataset import Entry, write_dataset
from mapgan.evaluation import report
from mapgan.networks.generator_file import About, save_network
from mapgan.params import Evaluate, load
from tests.conftest import TINY
from tests.evaluation.test_likeness import plans
from tests.evaluation.test_swd import Images, noise
from tests.evaluation.tiny_onnx import write_onnx

FEW = Evaluate(images=24, patches=8, directions=16)


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    entries = [Entry(f"plan-{number}", f"plan-{number}") for number in range(80)]
    write_dataset(tmp_path / "maps", (48, 48), entries[:50], entries[50:], plans(80, 0))
    return tmp_path / "maps"


@pytest.fixture
def generator(tmp_path: Path, maps: Path) -> Path:
    torch.manual_seed(0)
    settings = load(settings=TINY).train.networks.of("dcgan-modern")
    network = networks.BUILDERS["dcgan-modern"](settings, 48, 48).generator
    about = About(part="generator", network="dcgan-modern", settings=settings.model_dump(), width=48, height=48,
                  steps=3, seed=0, data="")  # fmt: skip
    save_network(tmp_path / "generator.safetensors", network.state_dict(), about)
    return tmp_path / "generator.safetensors"


def drawing(monkeypatch: pytest.MonkeyPatch, images: Images) -> None:
    """Let the generator draw these."""

    def generate(_: Any, __: Any, seeds: Any, ___: Any) -> Iterator[Any]:
        yield from itertools.islice(itertools.cycle(images), len(seeds))

    monkeypatch.setattr(report, "generate", generate)


def evaluated(generator: Path, maps: Path, out: Path, settings: Evaluate = FEW) -> tuple[dict[str, Any], str]:
    said = stages.evaluate(settings, generator, maps, out)
    return files.read_json(out / "metrics.json"), said


COPIED = "fraction nearer to training than 99 % of held-out"


def test_new_images_copies_and_noise_are_told_apart(
    generator: Path, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("torch_fidelity")
    extractor = str(write_onnx(tmp_path / "means.onnx", ["N", 3, 32, 32], 8))
    found = {}
    for name, images in {"new": plans(24, 9), "copied": plans(80, 0)[:24], "noise": noise(24, 0, 48)}.items():
        drawing(monkeypatch, images)
        found[name], _ = evaluated(generator, maps, tmp_path / name, FEW.model_copy(update={"extractor": extractor}))
    assert found["copied"][COPIED]["samples"] == 1
    assert found["new"][COPIED]["samples"] <= 0.1
    assert found["noise"][COPIED]["samples"] == 0
    for number, times in {"SWD": 1.5, "FID by means.onnx": 3, "KID by means.onnx": 3}.items():
        assert found["noise"][number]["samples"] > times * found["new"][number]["samples"], number
    assert found["noise"]["recall by means.onnx"]["samples"] == 0
    assert found["new"]["precision by means.onnx"]["samples"] > 0.5
    assert found["new"]["images"] == 24
    assert "FID" not in found["new"]  # never without the name of whose features
    with (tmp_path / "copied/closest.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert {row["nearest"] == f"plan-{row['seed']}" for row in rows} == {True}
    assert Image.open(tmp_path / "copied/closest.png").width > 4 * 2 * 96


def test_the_order_of_images_does_not_matter(
    generator: Path, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("torch_fidelity")
    settings = FEW.model_copy(update={"extractor": str(write_onnx(tmp_path / "m.onnx", ["N", 3, 32, 32], 8))})
    images = plans(24, 9)
    drawing(monkeypatch, images)
    once, _ = evaluated(generator, maps, tmp_path / "a", settings)
    drawing(monkeypatch, images[np.random.default_rng(0).permutation(24)])
    again, _ = evaluated(generator, maps, tmp_path / "b", settings)
    assert once.pop("SWD")["samples"] == pytest.approx(again.pop("SWD")["samples"], rel=1e-5)
    assert once == again


def test_without_an_extractor_the_rest_is_measured_and_a_line_says_what_is_not(
    generator: Path, maps: Path, tmp_path: Path
) -> None:
    numbers, said = evaluated(generator, maps, tmp_path / "out")
    assert "no FID, KID, precision" in said.splitlines()[-1]
    assert {"SWD", "bits between pairs", COPIED} <= set(numbers)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "closest.png", "closest.tsv", "metrics.json", "nearest.tsv", "swd.tsv",
    ]  # fmt: skip


def test_the_same_call_gives_the_same_numbers(generator: Path, maps: Path, tmp_path: Path) -> None:
    assert evaluated(generator, maps, tmp_path / "a") == evaluated(generator, maps, tmp_path / "b")
