"""States are whole or not used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mapgan import files
from mapgan.errors import MapganError
from mapgan.training.checkpoints.checkpoint import (
    Checkpoint,
    delete_after,
    delete_old_runs,
    find_checkpoint,
    flatten,
    load_checkpoint,
    load_optimizer,
    read_checkpoint,
    save_checkpoint,
    step_of,
    tensors_below,
)


def state(step: int) -> Checkpoint:
    return Checkpoint(step, {"generator/w": torch.full((3,), float(step))}, [{"step": float(step)}], None)


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, state(5))
    found = load_checkpoint(tmp_path, 10, print)
    assert found is not None
    assert found.step == 5
    assert found.rows == [{"step": 5.0}]
    assert torch.equal(tensors_below(found.tensors, "generator")["w"], torch.full((3,), 5.0))


def test_two_states_are_kept(tmp_path: Path) -> None:
    for step in range(5):
        save_checkpoint(tmp_path, state(step))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"step-{step:08d}{suffix}" for step in (3, 4) for suffix in (".safetensors", ".sha256")
    ]


def test_a_run_made_shorter_keeps_its_states_beside_the_longer_ones(tmp_path: Path) -> None:
    for step in (9, 10, 1, 2, 3):
        save_checkpoint(tmp_path, state(step))
    found = load_checkpoint(tmp_path, 5, print)
    assert found is not None
    assert found.step == 3
    assert load_checkpoint(tmp_path, 20, print).step == 10  # type: ignore[union-attr]


def test_the_newest_milestone_outlives_later_states(tmp_path: Path) -> None:
    for step in (0, 3, 5, 6, 7, 8):
        save_checkpoint(tmp_path, state(step), milestone=5)
    assert sorted(step_of(path) for path in tmp_path.glob("*.safetensors")) == [5, 7, 8]
    found = load_checkpoint(tmp_path, 7, print, milestone=5)
    assert found is not None
    assert found.step == 5


def test_a_state_written_anew_is_good_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_checkpoint(tmp_path, state(1))
    real = Path.replace
    moments = []

    def killed(self: Path, target: Path) -> Path:
        moments.append(target.suffix)
        if len(moments) == at:
            raise KeyboardInterrupt
        return real(self, target)

    for at in (1, 2, 3):  # each time a file is about to be moved in: checksums, state, checksum
        moments.clear()
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", killed)
            with pytest.raises(KeyboardInterrupt):
                save_checkpoint(tmp_path, Checkpoint(1, {"w": torch.zeros(at)}))
        assert read_checkpoint(path).step == 1
    assert moments == [".sha256", ".safetensors", ".sha256"]


def test_what_a_state_says_comes_back_whole(tmp_path: Path) -> None:
    full = Checkpoint(3, {}, [{"step": 3.0}], {"scale": 2.0}, roll_backs=2, d_steps=1, d_metrics={"penalty": 0.1})
    assert read_checkpoint(save_checkpoint(tmp_path, full)) == full


def test_steps_to_be_done_otherwise_are_forgotten(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, state(step), keep=9)
    delete_after(tmp_path, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000001.safetensors", "step-00000001.sha256"]


def test_a_state_is_named_by_its_file_its_folder_or_its_run(tmp_path: Path) -> None:
    folder = tmp_path / ".mapgan/state/0123456789abcdef"
    path = save_checkpoint(folder, state(4))
    assert {find_checkpoint(index) for index in (path, folder, tmp_path)} == {path}
    with pytest.raises(MapganError, match="no checkpoint"):
        find_checkpoint(tmp_path / "elsewhere")


def other_version(path: Path) -> None:
    save_file({"a": torch.zeros(1)}, path, metadata={"mapgan": "{}"})
    path.with_suffix(".sha256").write_text(files.sha256_file(path))


def odd_checksum(path: Path) -> None:
    path.with_suffix(".sha256").write_bytes(b"\xff\xfe")


def damaged_and_signed(path: Path) -> None:
    path.write_bytes(b"\xff" * 100)
    path.with_suffix(".sha256").write_text(files.sha256_file(path))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def lose_checksum(path: Path) -> None:
    path.with_suffix(".sha256").unlink()


@pytest.mark.parametrize(
    "damage", [cut, flip, lose_checksum, other_version, odd_checksum, damaged_and_signed, Path.unlink]
)
def test_a_damaged_state_is_passed_over_for_the_one_before(tmp_path: Path, damage: object) -> None:
    save_checkpoint(tmp_path, state(1))
    save_checkpoint(tmp_path, state(2))
    damage(tmp_path / "step-00000002.safetensors")  # type: ignore[operator]
    said: list[str] = []
    found = load_checkpoint(tmp_path, 10, said.append)
    assert found is not None
    assert found.step == 1
    assert all("step-00000002.safetensors" in line and "using the one before it" in line for line in said)
    assert bool(said) == (damage is not Path.unlink)


def test_a_state_beyond_the_steps_wanted_is_not_used(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, state(7))
    assert load_checkpoint(tmp_path, 6, print) is None


def test_a_failed_save_leaves_the_old_state_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, state(1))

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mapgan.training.checkpoints.checkpoint.save_file", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(tmp_path, state(2))
    found = load_checkpoint(tmp_path, 10, print)
    assert found is not None
    assert found.step == 1
    assert not list(tmp_path.glob(".*"))


def test_adams_moments_keep_their_layout() -> None:
    def adam() -> tuple[torch.nn.Conv2d, torch.optim.Adam]:
        torch.manual_seed(0)
        layer = torch.nn.Conv2d(4, 4, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return layer, torch.optim.Adam(layer.parameters(), fused=True)

    def step(layer: torch.nn.Conv2d, optimizer: torch.optim.Adam) -> None:
        optimizer.zero_grad()
        layer(torch.ones(1, 4, 5, 5).cumsum(2)).square().sum().backward()
        optimizer.step()

    layer, optimizer = adam()
    step(layer, optimizer)
    other, other_optimizer = adam()
    other.load_state_dict(layer.state_dict())
    tensors = {
        name: t.clone(memory_format=torch.contiguous_format)
        for name, t in flatten("o/state", optimizer.state_dict()["state"])
    }
    load_optimizer(other_optimizer, tensors_below(tensors, "o"))
    step(layer, optimizer)
    step(other, other_optimizer)
    assert torch.equal(layer.weight, other.weight)


def test_only_the_current_run_and_the_one_before_are_kept(tmp_path: Path) -> None:
    for age, name in enumerate(["now", "before", "older", "oldest"]):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    delete_old_runs(tmp_path, tmp_path / "now", tmp_path / "oldest/step-00000004.safetensors")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["before", "now", "oldest"]
    delete_old_runs(tmp_path, tmp_path / "now")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["before", "now"]
