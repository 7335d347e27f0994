"""What a run leaves, without having run it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from mapgan import files
from mapgan.collect.manifest import ManifestRow, write_manifest
from mapgan.curate.prune_record import PruneRecord, write_list
from mapgan.dataset import Entry, write_dataset
from mapgan.params import load
from mapgan.params.writing import to_yaml


def noise(side: int, seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)


def made_run(folder: Path, *settings: str, steps: int = 40, labels: tuple[str, ...] = ("",), title: str = "") -> Path:
    """A run of `mapgan train` that was trained and no more."""
    files.write_text(folder / "params.yaml", to_yaml(load(settings=[f"train.steps={steps}", *settings])))
    entries = [Entry(f"{number}.png", f"map {number // 2}", labels[number % len(labels)]) for number in range(8)]
    write_dataset(folder / "maps", (32, 32), entries[:6], entries[6:], [noise(32, number) for number in range(8)])
    name = f"{7:064x}.png"
    row = {"file": name, "url": "https://maps.example/a.png", "author": "<b>Ada</b>", "licence": "CC BY 4.0"}
    write_manifest(folder / "raw/manifest.csv", [ManifestRow(**row, title=title)])  # type: ignore[arg-type]
    write_list(folder / "pruned/kept.csv", [PruneRecord(**row)])  # type: ignore[arg-type]
    write_list(folder / "pruned/rejected.csv", [])
    Image.fromarray(noise(64)).save(folder / "raw" / name)
    lines = ["step\tloss_G\tloss_D\taccuracy\tlogits_real\tlogits_fake\tgrad_norm_G\tgrad_norm_D"]
    lines += [f"{step}\t{2 + step % 3}\t0.5\t0.8\t1\t-1\t{10 + step}\t{1 + step}" for step in range(10, steps + 1, 10)]
    files.write_text(folder / "results/train/metrics.tsv", "\n".join(lines) + "\n")
    speed = [f"{step}\t64\t1.5" for step in range(10, steps + 1, 10)]
    files.write_text(folder / "results/train/speed.tsv", "\n".join(["step\timages_per_second\tmemory_gib", *speed]))
    return folder


def finish(folder: Path) -> Path:
    """Add what sample and evaluate leave."""
    results = folder / "results"
    (results / "samples/singles").mkdir(parents=True)
    for seed in range(3):
        Image.fromarray(noise(240, seed)).save(results / f"samples/singles/seed-{seed:06d}-label-{seed % 2}.png")
    Image.fromarray(noise(120)).save(results / "samples/real.png")
    metrics = {"data": "d", "images": 6, "SWD": {"samples": 90.0, "real": 20.0},
               "KID by f": {"samples": 0.2, "low": 0.1, "high": 0.3, "real": 0.01}}  # fmt: skip
    files.write_json(results / "evaluate/metrics.json", metrics)
    files.write_text(results / "evaluate/nearest.tsv", "quantile\tsamples\theld_out\n0\t70\t60\n1\t99\t90\n")
    Image.fromarray(noise(80)).save(results / "evaluate/closest.png")
    frames = [Image.fromarray(noise(48, seed)) for seed in range(3)]
    frames[0].save(results / "train/progress.gif", save_all=True, append_images=frames[1:], duration=100)
    files.write_json(results / "train/troubles.json", [{"step": 20, "trouble": "diverged", "back_to": 10}])
    machine = {"device": "Some GPU", "processes": 2, "precision": "bf16", "micro_batch": 8, "checkpointing": "none",
               "torch": "2"}  # fmt: skip
    files.write_json(results / "train/machine.json", machine)
    return folder
