"""The report: what it says of a run, whatever of the run is there, and that it can be shared."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from mapgan import files
from mapgan.commands.report import report
from mapgan.curate.prune_record import PruneRecord, write_list
from mapgan.errors import MapganError
from mapgan.params import Params, load
from mapgan.report.changed import changed_settings
from mapgan.report.pictures import KIB, img
from mapgan.report.tables import read_column, training_seconds
from tests.report.made import finish, made_run, noise


def page_of(folder: Path) -> str:
    report(folder, None, None)
    return (folder / "results/report.html").read_text(encoding="utf-8")


def words(page: str) -> str:
    """The text of the page, without markup, and with single spaces."""
    return " ".join(re.sub("<[^>]*>", " ", page.partition("</style>")[2]).split())


def test_a_finished_run(tmp_path: Path) -> None:
    page = page_of(finish(made_run(tmp_path / "caves", "train.batch_size=16", labels=("cave", "town"))))
    text = words(page)
    assert "trained for 40 steps on 6 images of 32 x 32 pixels" in text
    assert "maps.example Ada CC BY 4.0 1" in text.replace("&lt;b&gt;", "").replace("&lt;/b&gt;", "")
    assert "train.batch_size" in text
    assert "On 2 processes, Some GPU, in bf16, 8 images at a time" in text
    assert "0.200 (0.100 to 0.300) 0.010" in text
    assert "Seed 1, town" in text
    assert "held out from training, at the same scale" in text
    assert "20 back to step 10, at lower learning rates" in text
    assert "mapgan train IMAGES --params caves/params.yaml --out OUT" in text
    assert "Time 10 s" in text
    assert page.count('<figure class="curve">') == 5
    assert "image/webp" in page.partition("<picture>")[2].partition("</picture>")[0]
    assert "Not finished" not in text


def test_the_page_needs_nothing_from_elsewhere_and_escapes_all(tmp_path: Path) -> None:
    page = page_of(finish(made_run(tmp_path / "<i>run", title="<script>alert(1)</script>")))
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "<i>run" not in page
    assert "<b>Ada" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert not re.search(r'(?:src|href|srcset)="(?!data:|#)', page)
    assert str(tmp_path) not in page


def test_equal_files_give_equal_bytes(tmp_path: Path) -> None:
    first = finish(made_run(tmp_path / "a/run"))
    page = page_of(first)
    shutil.copytree(first, tmp_path / "b/run")
    assert page_of(tmp_path / "b/run") == page


def test_a_run_that_was_interrupted_has_the_page_of_what_is_there(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run", steps=40)
    files.write_text(folder / "params.yaml", (folder / "params.yaml").read_text().replace("steps: 40", "steps: 4000"))
    with (folder / "results/train/metrics.tsv").open("a") as table:
        table.write("50\t1.2")  # killed in the middle of a line
    text = words(page_of(folder))
    assert "Not finished: 40 of 4,000 steps are done" in text
    assert "No maps were drawn yet" in text
    assert "It has not been measured yet" in text
    assert "Nearest neighbours" not in text


@pytest.mark.parametrize(
    "missing", ["raw", "pruned", "maps", "results/samples", "results/evaluate", "results/train/speed.tsv"]
)
def test_anything_may_be_missing(tmp_path: Path, missing: str) -> None:
    folder = finish(made_run(tmp_path / "run"))
    shutil.rmtree(folder / missing) if (folder / missing).is_dir() else (folder / missing).unlink()
    assert "Make it again" in words(page_of(folder))


def test_a_project_of_dvc_has_its_commands(tmp_path: Path) -> None:
    folder = finish(made_run(tmp_path / "run"))
    files.write_text(folder / "dvc.yaml", "stages:\n")
    (folder / "data").mkdir()
    for name in ("raw", "pruned", "maps"):
        (folder / name).rename(folder / "data" / name)
    text = words(page_of(folder))
    assert "dvc repro -f -s report" in text
    assert "mapgan train" not in text
    assert "6 images of 32 x 32 pixels" in text
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert page_of(tmp_path / "elsewhere") == page_of(folder)


def test_what_is_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MapganError, match=r"not a run \(it has no params.yaml\)"):
        report(tmp_path, None, None)
    files.write_text(tmp_path / "params.yaml", "seed: 1\n")
    with pytest.raises(MapganError, match="nothing was trained yet"):
        report(tmp_path, None, None)
    with pytest.raises(MapganError, match="none: no training set"):
        report(tmp_path, tmp_path / "none", None)


def test_its_commands_are_those_that_made_it(tmp_path: Path) -> None:
    settings = "sample.seamless=true", "sample.singles=false", "sample.size=64x64", "sample.seeds=3-5"
    text = words(page_of(finish(made_run(tmp_path / "my caves", *settings))))
    drawn = "mapgan sample &#x27;my caves&#x27; --seeds 3-5 --zoom 6 --no-singles --size 64x64 --seamless"
    assert drawn in text
    assert "mapgan train IMAGES --params" in text
    assert "--maps SET" not in text


def test_a_training_set_elsewhere_is_named_in_commands(tmp_path: Path) -> None:
    folder = finish(made_run(tmp_path / "run"))
    (folder / "maps").rename(tmp_path / "set")
    report(folder, tmp_path / "set", None)
    text = words((folder / "results/report.html").read_text(encoding="utf-8"))
    assert "mapgan evaluate run --maps SET" in text
    assert "mapgan report run --maps SET" in text


@pytest.mark.parametrize(
    ("name", "train", "images"),
    [("file", "mapgan train digits.npz --params", "set digits.npz."), ("mnist", "mapgan train --params", "set mnist.")],
)
def test_a_ready_made_set(tmp_path: Path, name: str, train: str, images: str) -> None:
    settings = f"dataset.name={name}", f"dataset.path={tmp_path / 'digits.npz'}"
    folder = finish(made_run(tmp_path / "run", *settings))
    shutil.rmtree(folder / "pruned")
    page = page_of(folder)
    assert words(page).count(train) == 3  # for the images, too
    assert "mapgan resize" not in page
    assert images in words(page)
    assert str(tmp_path) not in page


def test_it_stays_small_whoever_made_the_images(tmp_path: Path) -> None:
    folder = finish(made_run(tmp_path / "run"))
    rows = [PruneRecord(file=f"{n:064x}.png", url="https://a.example/", author=f"{n} " * 99) for n in range(5000)]
    write_list(folder / "pruned/kept.csv", rows)
    page = page_of(folder)
    assert len(page) < 500_000
    assert "And 4,600 more: mapgan credits lists all" in page


def test_settings_that_auto_chose_do_not_differ() -> None:
    assert changed_settings(load()) == changed_settings(Params()) == []
    named = ["train.batch_size=8", "train.penalty=0.7", "train.networks.dcgan.latent=9", "machine.threads=1"]
    assert [(one.name, one.value, one.default) for one in changed_settings(load(settings=named))] == [
        ("train.batch_size", "8", "32"),
        ("train.penalty", "0.7", "auto"),
    ]


def test_a_picture_keeps_to_its_bytes() -> None:
    html = img(Image.fromarray(noise(300)), "noise", 20 * KIB, 260)
    assert len(html.partition("base64,")[2]) * 3 / 4 <= 20 * KIB
    assert 'class="pixels"' in html  # it had to shrink below what is shown smoothly
    assert "&lt;i&gt;" in img(Image.new("RGB", (300, 300)), "<i>", KIB, 300)


def test_time_is_that_of_the_steps(tmp_path: Path) -> None:
    files.write_text(tmp_path / "t.tsv", "step\timages_per_second\n10\t100\n20\tnan\n30\t50\n4")
    # the mean speed since the start: the first ten steps took a second, all thirty six
    assert training_seconds(read_column(tmp_path / "t.tsv", "images_per_second"), 10) == pytest.approx(6)
    assert training_seconds([(1.0, 0.0)], 10) == training_seconds([], 10) == 0
