from __future__ import annotations

from pathlib import Path

import pytest

from mapgan.commands.explore import explore, offered
from mapgan.errors import MapganError
from mapgan.models import model_file


def test_models_come_first_and_then_the_runs_that_are_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = Path("runs/first/generator.safetensors")
    run.parent.mkdir(parents=True)
    run.touch()
    assert offered([]) == {"plans": model_file("plans"), "overland": model_file("overland"), "runs/first": run}
    assert list(offered([Path("runs/first")])) == ["runs/first"]


def test_a_broken_generator_that_is_named_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"no generator")
    with pytest.raises(MapganError, match="not a safetensors file, or damaged"):
        explore([tmp_path / "broken.safetensors"], {}, {"browser": False})


def test_what_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(MapganError, match="no such file; name a run's folder"):
        offered([tmp_path / "none"])
