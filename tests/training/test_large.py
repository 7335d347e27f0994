"""768 x 768 in bf16 with checkpointing on the CPU, with narrow networks: step, snapshot, resume, sample."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from mapgan import files, stages
from mapgan.params import Sample, load
from tests.conftest import write_squares

NARROW = [
    "train.batch_size=2",
    "train.precision=bf16",
    "train.steps=2",
    "train.log_every=1",
    "train.snapshot_every=1",
    "train.snapshot_images=1",
    "train.networks.dcgan-modern.generator_channels=2",
    "train.networks.dcgan-modern.discriminator_channels=2",
    "train.networks.dcgan-modern.max_channels=8",
    "train.networks.dcgan-modern.last_channels=2",
    "machine.checkpointing=all",
    "machine.micro_batch=1",
    "machine.device=cpu",
]


def test_a_large_map_all_the_way(tmp_path: Path) -> None:
    maps = write_squares(tmp_path / "maps", 768, 768, train=2, holdout=0)
    generator, results, scratch = tmp_path / "g.safetensors", tmp_path / "results", tmp_path / "scratch"
    stages.train(load(settings=[*NARROW, "train.steps=1"]), maps, generator, results, scratch)
    half = files.sha256_file(generator)
    stages.train(load(settings=NARROW), maps, generator, results, scratch)
    assert files.sha256_file(generator) != half
    rows = (results / "metrics.tsv").read_text().splitlines()
    assert [row.split("\t")[0] for row in rows] == ["step", "1", "2"]
    with Image.open(results / "snapshots/step-00000002.png") as snapshot:
        assert snapshot.width > 768
    stages.sample(Sample(seeds="5", sheet="1x1", zoom=1, size=""), generator, tmp_path / "samples")
    with Image.open(tmp_path / "samples/singles/seed-000005.png") as image:
        assert image.size == (768, 768)
