"""Sets with labels: both networks are conditioned on them, whatever the network, the loss and the penalty."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from mapgan import networks, stages
from mapgan.cli import app
from mapgan.collect.demo import packaged
from mapgan.dataset import open_dataset
from mapgan.errors import MapganError
from mapgan.evaluation import evaluator, report
from mapgan.evaluation.image_sets import iterate, random_subset
from mapgan.networks.generator_file import latent_size, load_generator, load_network
from mapgan.params import Evaluate, load
from mapgan.sampling.generate import generate
from mapgan.sampling.latents import latent
from mapgan.training.device.device import make_accelerator
from mapgan.training.objective.step import Step
from mapgan.training.prepare import plan_memory, prepare
from tests.conftest import TINY, write_squares
from tests.training.checkpoints.test_resume import run
from tests.training.test_run import MODERN, WAYS, assert_close, gradients

LEARNERS = [*([f"train.network={name}"] for name in networks.BUILDERS), [f"{MODERN}.latent_kind=constant"]]


@pytest.mark.parametrize("chosen", LEARNERS, ids=str)
def test_every_network_with_a_plain_latent_is_told_labels(shades: Path, tmp_path: Path, chosen: list[str]) -> None:
    run(shades, tmp_path, *chosen, "train.steps=2")
    for name in ("generator", "discriminator", "best"):
        assert load_network(tmp_path / f"{name}.safetensors")[1].labels == ["bright", "dark"]
    generator, about = load_generator(tmp_path / "generator.safetensors")
    with torch.no_grad():
        bright, dark = generator(latent(5, latent_size(about)).repeat(2, 1), torch.tensor([0, 1]))
    assert not torch.equal(bright, dark)
    names = (tmp_path / "results/metrics.tsv").read_text().splitlines()[0].split("\t")
    assert {"grad_norm_G.blocks.0", "grad_norm_G.embedding", "grad_norm_D.blocks.0", "grad_norm_D.head"} <= set(names)


@pytest.mark.parametrize("settings", WAYS, ids=lambda settings: settings[0])
def test_how_the_batch_is_cut_does_not_change_the_gradients(shades: Path, settings: list[str]) -> None:
    whole = gradients(shades, *settings)
    assert_close(whole, gradients(shades, *settings, "machine.micro_batch=3", "machine.checkpointing=all"))


@pytest.mark.parametrize("settings", WAYS, ids=lambda settings: settings[0])
def test_both_players_are_told_the_labels_of_the_real_images_at_their_places(shades: Path, settings: list[str]) -> None:
    """Fails if any call of G or D in a step gets other ones, or the same in another order."""
    plain = ["train.batch_size=8", "train.penalty_every=1", "train.discriminator_steps=1", "train.augment=[]"]
    params = load(settings=[*TINY, *settings, *plain])
    dataset, accelerator = open_dataset(shades), make_accelerator(params)
    step = prepare(params, dataset, accelerator, plan_memory(params, dataset, accelerator))
    seen = (step.batches.real(0, range(8)).mean((1, 2, 3)) < 0).long()  # 1 is dark
    assert seen.tolist() != seen.flip(0).tolist()
    told: list[torch.Tensor] = []
    for player in (step.generator, step.discriminator):
        player.register_forward_pre_hook(lambda _, given: told.append(given[1]))
    step(0)
    assert len(told) >= 5
    assert all(torch.equal(labels, seen) for labels in told)


def test_a_killed_run_ends_as_one_that_was_not(shades: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ["machine.save_minutes=0", "train.evaluate_every=2"]
    whole = run(shades, tmp_path / "a", *settings)
    with monkeypatch.context() as patch:
        real = Step.__call__

        def killed(self: Step, number: int, *rest: Any) -> Any:
            if number == 4:
                raise KeyboardInterrupt
            return real(self, number, *rest)

        patch.setattr(Step, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            run(shades, tmp_path / "b", *settings)
    assert run(shades, tmp_path / "b", *settings) == whole
    for name in ("metrics.tsv", "scores.tsv", "snapshots/step-00000003.png", "snapshots/step-00000006.png"):
        assert (tmp_path / "b/results" / name).read_bytes() == (tmp_path / "a/results" / name).read_bytes()


def test_it_draws_what_it_is_asked_for(tmp_path: Path) -> None:
    """Fails by far if G, D or both are not told the labels. Without those of the relativistic loss's pairs, and with a
    seed with which a D that knows of no labels ends up with the two the wrong way round."""
    shades = write_squares(tmp_path / "maps", 16, 16, train=24, labelled=True)
    run(shades, tmp_path, "train.steps=200", "train.batch_size=8", "train.ema=0.9", "train.snapshot_every=200",
        "train.loss=non-saturating", "seed=2")  # fmt: skip
    generator, about = load_generator(tmp_path / "generator.safetensors")
    size, seeds = latent_size(about), range(16)
    bright, dark = (
        [float(image.mean()) for image in generate(generator, size, seeds, [label] * 16)] for label in (0, 1)
    )
    assert max(dark) < 128 < min(bright)


@pytest.mark.parametrize("setting", ["latent_kind=spatial", "spectral_norm=true"])
def test_networks_of_all_kinds_train_with_labels(shades: Path, tmp_path: Path, setting: str) -> None:
    run(shades, tmp_path, f"{MODERN}.{setting}")
    generator, about = load_generator(tmp_path / "generator.safetensors")
    bright, dark = (next(iter(generate(generator, latent_size(about), [0], [label]))) for label in (0, 1))
    assert not np.array_equal(bright, dark)


@pytest.mark.soak
def test_a_spatial_latent_draws_rooms_in_the_style_that_was_asked_for(tmp_path: Path) -> None:
    """When labels had the weight of sites, each label had one colour by step 100."""
    for style in ("rock", "ink"):
        (tmp_path / "maps" / style).mkdir(parents=True)
        for path in sorted((packaged() / "maps").glob(f"{style}-*"))[:42]:
            shutil.copy(path, tmp_path / "maps" / style)
    options = ["--set", "dataset.condition=folder", "--set", "train.steps=250"]
    said = CliRunner().invoke(app, ["train", str(tmp_path / "maps"), "--out", str(tmp_path / "run"), *options])
    assert said.exit_code == 0, said.stderr
    generator, about = load_generator(tmp_path / "run" / "generator.safetensors")
    ink, rock = (
        np.stack(list(generate(generator, latent_size(about), range(8), [label] * 8))).mean(axis=3) for label in (0, 1)
    )
    assert ink.mean() > 180 > 120 > rock.mean()
    assert min(image.std() for images in (ink, rock) for image in images) > 15


def test_a_label_to_sample_that_is_not_there_is_heard_of_before_training(shades: Path, tmp_path: Path) -> None:
    options = [option for each in [*TINY, "sample.label=dusk"] for option in ("--set", each)]
    said = CliRunner().invoke(app, ["train", str(shades), "--out", str(tmp_path / "b"), *options])
    assert said.exit_code == 2
    assert "has the labels bright, dark" in said.stderr
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_run_with_labels_from_its_set_to_its_pages(shades: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"

    def mapgan(*arguments: str) -> str:
        said = CliRunner().invoke(app, list(arguments))
        assert said.exit_code == 0, said.stderr
        return said.stdout

    training = ["train", str(shades), "--out", str(out), *[option for each in TINY for option in ("--set", each)]]
    said = CliRunner().invoke(app, training)
    assert said.exit_code == 0, said.stderr
    assert (
        "has labels (bright 4 (1 held out), dark 8 (3 held out)): both networks are conditioned on them" in said.stderr
    )
    assert load(out / "params.yaml").dataset.condition == "folder"
    mapgan("sample", str(out), "--seeds", "0-3", "--label", "dark")
    few = [option for name in ("images", "patches", "directions") for option in ("--set", f"evaluate.{name}=6")]
    mapgan("evaluate", str(out), "--maps", str(shades), *few)
    assert "swd" in mapgan("compare", str(out), str(out), "--out", str(tmp_path / "page.html")).lower()
    wrong = CliRunner().invoke(app, ["sample", str(out), "--label", "dusk"])
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (2, 1)
    assert "has the labels bright, dark" in wrong.stderr


def test_labels_that_a_ready_set_does_not_have_are_not_silently_left_out(squares: Path, tmp_path: Path) -> None:
    wanted = ["train", str(squares), "--out", str(tmp_path / "run"), "--set", "dataset.condition=folder"]
    said = CliRunner().invoke(app, wanted)
    assert (said.exit_code, len(said.stderr.splitlines())) == (2, 1)
    assert f"dataset.condition: {squares} has no labels" in said.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("held_out", [4, 12], ids=["all of them, over and over", "some of them"])
def test_images_are_measured_with_the_labels_of_those_held_out(
    held_out: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shades = write_squares(tmp_path / "shades", 32, 32, holdout=held_out, labelled=True)
    told: list[list[int] | None] = []

    def noted(
        network: nn.Module, size: int, seeds: Sequence[int], labels: list[int] | None = None, batch_size: int = 1
    ) -> Any:
        told.append(None if labels is None else [int(label) for label in labels])
        return generate(network, size, seeds, labels, batch_size)

    monkeypatch.setattr(evaluator, "generate", noted)
    monkeypatch.setattr(report, "generate", noted)
    run(shades, tmp_path, "train.steps=2", "train.evaluate_every=1", "train.evaluate_images=6")
    stages.evaluate(Evaluate(images=6, patches=4, directions=4), tmp_path / "generator.safetensors", shades, tmp_path)
    compared = random_subset(open_dataset(shades).holdout, min(6, held_out), 0, "held out")
    seen = [int(image.mean() < 128) for image in iterate(compared)]
    assert told == [seen, seen, np.resize(seen, 6).tolist()]
    columns, *rows = [line.split("\t") for line in (tmp_path / "closest.tsv").read_text().splitlines()]
    assert columns == ["seed", "label", "bits", "nearest"]
    names = [("bright", "dark")[index] for index in np.resize(seen, 6)]
    assert {int(row[0]): row[1] for row in rows} == dict(enumerate(names))
    plain = write_squares(tmp_path / "plain", 32, 32)
    with pytest.raises(MapganError, match="has the labels bright, dark, the hold-out has no labels"):
        stages.evaluate(Evaluate(), tmp_path / "generator.safetensors", plain, tmp_path)
