"""Where a run goes on, and from what it begins."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from mapgan import files
from mapgan.dataset import Entry, open_dataset, write_dataset
from mapgan.errors import MapganError
from mapgan.networks.generator_file import load_network, save_network
from mapgan.params import load
from mapgan.training.run import train
from mapgan.training.run_paths import RunPaths
from tests.conftest import TINY, write_squares


def run(maps: Path, out: Path, *settings: str, resume: str = "auto") -> str:
    indices = RunPaths(maps, out / "generator.safetensors", out / "results", out / "scratch")
    train(load(settings=[*TINY, *settings]), indices, resume)
    return files.sha256_file(out / "generator.safetensors")


def saved(out: Path, step: int) -> Path:
    return next(out.glob(f"scratch/state/*/step-{step:08d}.safetensors"))


MODERN = "train.networks.dcgan-modern"
EVERY_STEP = ["machine.save_minutes=100", "machine.save_every=1", "machine.keep_checkpoints=9"]


def test_states_are_saved_every_so_many_steps_and_so_many_kept(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path, "machine.save_minutes=100", "machine.save_every=2", "machine.keep_checkpoints=2")
    assert sorted(path.name for path in tmp_path.glob("scratch/state/*/*.safetensors")) == [
        "step-00000004.safetensors",
        "step-00000006.safetensors",
    ]


def test_a_named_state_is_gone_on_from(squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    once = run(squares, tmp_path / "a", *EVERY_STEP)
    state = saved(tmp_path / "a", 2)
    assert run(squares, tmp_path / "a", *EVERY_STEP, resume=str(state)) == once
    assert "continues after step 2 of 6" in capsys.readouterr().err
    kept = tmp_path / "elsewhere"
    kept.mkdir()
    for path in (state, state.with_suffix(".sha256")):
        shutil.copy(path, kept)
    assert run(squares, tmp_path / "b", *EVERY_STEP, resume=str(kept)) == once


def test_a_named_state_of_an_old_run_is_read_before_old_runs_are_forgotten(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path, "seed=1", *EVERY_STEP)
    named = saved(tmp_path, 6)
    run(squares, tmp_path, "seed=2")
    run(squares, tmp_path, "seed=3", "train.steps=8", resume=str(named))


def test_the_same_command_again_goes_on_from_what_it_did(
    squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(squares, tmp_path / "a", *EVERY_STEP)
    named = str(saved(tmp_path / "a", 2))
    once = run(squares, tmp_path / "b", *EVERY_STEP, resume=named)
    run(squares, tmp_path / "c", *EVERY_STEP, "train.steps=4", resume=named)
    capsys.readouterr()
    assert run(squares, tmp_path / "c", *EVERY_STEP, resume=named) == once
    assert "continues after step 4 of 6" in capsys.readouterr().err
    assert run(squares, tmp_path / "c", *EVERY_STEP) == once


def test_a_named_state_is_the_runs_own_from_the_start(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path / "a", *EVERY_STEP)
    named = str(saved(tmp_path / "a", 2))
    run(squares, tmp_path / "b", "train.steps=2", "machine.save_minutes=100", resume=named)
    assert saved(tmp_path / "b", 2).is_file()


def test_a_state_with_too_many_steps_is_one_line(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path / "a")
    with pytest.raises(MapganError, match=r"has 6 steps, and train.steps is 3"):
        run(squares, tmp_path / "b", "train.steps=3", resume=str(saved(tmp_path / "a", 6)))


def test_after_a_named_state_no_later_one_of_before_is_used(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path, *EVERY_STEP)
    run(squares, tmp_path, *EVERY_STEP, "train.steps=3", resume=str(saved(tmp_path, 2)))
    assert not list(tmp_path.glob("scratch/state/*/step-00000006*"))


BAD = [
    ("nowhere", "nowhere: no checkpoint"),
    ("maps", "no checkpoint"),
]


@pytest.mark.parametrize(("name", "line"), BAD)
def test_a_state_that_is_not_there_is_one_line(squares: Path, tmp_path: Path, name: str, line: str) -> None:
    with pytest.raises(MapganError, match=line):
        run(squares, tmp_path, resume=str(tmp_path / name))


def test_a_state_of_other_networks_is_one_line(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path / "a")
    with pytest.raises(MapganError, match="the checkpoint of step 6 is of other networks"):
        run(
            squares,
            tmp_path / "b",
            "train.networks.dcgan-modern.generator_channels=8",
            resume=str(tmp_path / "a/scratch"),
        )


def test_fine_tuning_begins_with_the_weights_of_both_players(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path / "a")
    still = ["train.generator_lr=1e-12", "train.discriminator_lr=1e-12", "train.steps=1", "seed=5"]
    first = f"train.init_from={str(tmp_path / 'a' / 'generator.safetensors')!r}"
    run(squares, tmp_path / "b", *still, first)
    for name in ("generator.safetensors", "discriminator.safetensors"):
        before, after = load_file(tmp_path / "a" / name), load_file(tmp_path / "b" / name)
        assert all(torch.allclose(before[key], after[key], atol=1e-6) for key in before), name


def test_fine_tuning_is_another_run_for_other_weights(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path / "a")
    folder = f"train.init_from={str(tmp_path / 'a')!r}"
    once = run(squares, tmp_path / "b", folder)
    run(squares, tmp_path / "a", "seed=3")
    assert run(squares, tmp_path / "b", folder) != once


def test_fine_tuning_works_without_a_discriminator(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path / "a")
    with_it = run(squares, tmp_path / "b", f"train.init_from={str(tmp_path / 'a')!r}")
    (tmp_path / "a/discriminator.safetensors").unlink()
    assert run(squares, tmp_path / "c", f"train.init_from={str(tmp_path / 'a')!r}") != with_it


def test_fine_tuning_begins_with_what_knows_no_newer_setting(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path / "a")
    network, about = load_network(tmp_path / "a" / "generator.safetensors")
    older = {name: value for name, value in about.settings.items() if name != "blocks"}
    (tmp_path / "old").mkdir()
    stored = tmp_path / "old" / "generator.safetensors"
    save_network(stored, network.state_dict(), about.model_copy(update={"settings": older}))
    run(squares, tmp_path / "b", f"train.init_from={str(stored)!r}")


@pytest.mark.parametrize(("first", "then"), [(0, 1), (1, 0)])
def test_fine_tuning_begins_or_ends_to_rebuild_images(squares: Path, tmp_path: Path, first: int, then: int) -> None:
    run(squares, tmp_path / "a", f"train.reconstruction={first}")
    run(squares, tmp_path / "b", f"train.reconstruction={then}", f"train.init_from={str(tmp_path / 'a')!r}")
    network, _ = load_network(tmp_path / "b" / "discriminator.safetensors")
    assert any(name.startswith("decoder.") for name in network.state_dict()) == bool(then)


def test_a_run_on_larger_images_begins_with_the_coarse_layers(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path / "a", f"{MODERN}.generator_channels=8", f"{MODERN}.discriminator_channels=8")
    wide = write_squares(tmp_path / "wide", 64, 64)
    still = ["train.generator_lr=1e-12", "train.discriminator_lr=1e-12", "train.steps=1", "seed=5"]
    first = f"train.init_from={str(tmp_path / 'a')!r}"
    run(wide, tmp_path / "b", *still, first)
    for name, coarse in (("generator", ("project.weight", "blocks.0.conv.weight", "blocks.1.conv1x1.weight")),
                         ("discriminator", ("head.weight", "blocks.3.downsample.weight"))):  # fmt: skip
        before, after = load_file(tmp_path / f"a/{name}.safetensors"), load_file(tmp_path / f"b/{name}.safetensors")
        shift = {"blocks.3.downsample.weight": "blocks.2.downsample.weight"}
        for key in coarse:
            assert torch.allclose(before[shift.get(key, key)], after[key], atol=1e-6), key


def test_inverted_blocks_keep_their_colours_on_larger_images(squares: Path, tmp_path: Path) -> None:
    inverted = [f"{MODERN}.blocks=inverted", f"{MODERN}.last_channels=4"]
    run(squares, tmp_path / "a", *inverted, f"{MODERN}.generator_channels=8", f"{MODERN}.discriminator_channels=8")
    wide = write_squares(tmp_path / "wide", 64, 64)
    still = ["train.generator_lr=1e-12", "train.discriminator_lr=1e-12", "train.steps=1"]
    run(wide, tmp_path / "b", *inverted, *still, f"train.init_from={str(tmp_path / 'a')!r}")
    small, large = (load_network(tmp_path / name / "generator.safetensors")[0] for name in "ab")
    z = torch.randn(1, 8 * 4 * 4 + 2)
    assert torch.allclose(large(z), F.interpolate(small(z), scale_factor=2), atol=1e-4)


def test_a_run_whose_coarse_layers_have_other_channels_does_not_fit(squares: Path, tmp_path: Path) -> None:
    wide = write_squares(tmp_path / "wide", 64, 64)
    channels = [f"{MODERN}.{name}" for name in ("max_channels=64", "generator_channels=8", "discriminator_channels=8")]
    run(squares, tmp_path / "a", *channels)
    with pytest.raises(MapganError, match="most of its layers have other shapes"):
        run(wide, tmp_path / "b", *channels, f"train.init_from={str(tmp_path / 'a')!r}")


UNFIT = [
    (["train.network=dcgan"], "network dcgan-modern, where train.network is dcgan"),
    (["train.networks.dcgan-modern.latent=9"], "another latent in its dcgan-modern"),
]


def test_fine_tuning_needs_the_same_labels(squares: Path, shades: Path, tmp_path: Path) -> None:
    run(shades, tmp_path / "a", "train.steps=2")
    start = f"train.init_from={str(tmp_path / 'a')!r}"
    run(shades, tmp_path / "b", "train.steps=2", start)
    with pytest.raises(MapganError, match="has the labels bright, dark, where the training set has no labels"):
        run(squares, tmp_path / "c", start)
    shown = open_dataset(shades)
    entries = [
        Entry(f"{number}", f"{number}", ("cave", "town")[index]) for number, index in enumerate(shown.train_labels)
    ]
    write_dataset(tmp_path / "others", (32, 32), entries, [], shown.train)
    with pytest.raises(
        MapganError, match="has the labels bright, dark, where the training set has the labels cave, town"
    ):
        run(tmp_path / "others", tmp_path / "d", start)


@pytest.mark.parametrize(("settings", "line"), UNFIT)
def test_weights_that_do_not_fit_are_one_line(squares: Path, tmp_path: Path, settings: list[str], line: str) -> None:
    run(squares, tmp_path / "a")
    with pytest.raises(MapganError, match=line):
        run(squares, tmp_path / "b", *settings, f"train.init_from={str(tmp_path / 'a')!r}")
    wide = write_squares(tmp_path / "wide", 48, 32)
    with pytest.raises(MapganError, match="32 x 32 pixels, where the training set has 48 x 32"):
        run(wide, tmp_path / "c", f"train.init_from={str(tmp_path / 'a')!r}")


def test_a_discriminator_draws_nothing(squares: Path, tmp_path: Path) -> None:
    from mapgan.networks.generator_file import load_generator

    run(squares, tmp_path)
    with pytest.raises(MapganError, match="holds a discriminator"):
        load_generator(tmp_path / "discriminator.safetensors")
