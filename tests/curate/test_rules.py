from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mapgan.curate.measures import measure
from mapgan.curate.prune import prune
from mapgan.curate.prune_record import read_list
from mapgan.curate.rules import oddness, soft_limits, soft_reasons
from mapgan.params.collecting import Prune, Soft

from .conftest import THREAD, map_image

ROW = measure(map_image(1), "a.png", "RGB", 160, 128)


def test_all_soft_rules_are_off_unless_asked_for():
    assert soft_limits(Soft(), [ROW]) == {}


RULES = {
    "blurred": ("sharpness", 0, "blurred: sharpness 0, below"),
    "dark": ("brightness_95", 0, "too dark: brightness_95 0, below"),
    "light": ("brightness_05", 19, "too light: brightness_05 361, above"),
    "plain": ("entropy", 0, "low in information: entropy 0, below"),
    "text": ("text", 19, "text-heavy: text 361, above"),
    "odd": ("flat", 19, "odd one out: oddness "),
}


@pytest.mark.parametrize("name", RULES)
def test_a_soft_rule_takes_its_end_of_the_scale(name):
    measure_name, expected, text = RULES[name]
    rows = [replace(ROW, **{measure_name: float(value**2)}) for value in range(20)]
    soft = Soft(**{name: 0.05})
    reasons = soft_reasons(soft, rows, soft_limits(soft, rows))
    rejected = [index for index, reason in enumerate(reasons) if reason]
    assert rejected == [expected]
    assert reasons[rejected[0]].startswith(text)
    assert reasons[rejected[0]].endswith("est 5 % of the set)")


def test_of_equals_none_is_rejected():
    rows = [ROW] * 10
    soft = Soft(blurred=0.2, dark=0.2, light=0.2, plain=0.2, text=0.2, odd=0.2)
    assert soft_reasons(soft, rows, soft_limits(soft, rows)) == [""] * 10


def test_the_odd_one_is_the_odd_one():
    generator = np.random.default_rng(0)
    rows = [replace(ROW, entropy=5 + generator.normal(), flat=0.2 + 0.1 * generator.random()) for _ in range(30)]
    rows[7] = replace(ROW, entropy=0.5, flat=0.9)
    assert oddness(rows).argmax() == 7


def test_no_images_no_oddness():
    assert oddness([]).shape == (0,)


def test_prune_rejects_by_soft_rules_after_the_hard_ones(raw, tmp_path):
    for seed in range(9):
        raw.put(map_image(seed).filter(ImageFilter.UnsharpMask(2, 200)))
    blurred = raw.put(map_image(20).filter(ImageFilter.GaussianBlur(4)))
    raw.put(Image.new("RGB", (99, 99)))
    counts = prune(Prune(soft=Soft(blurred=0.1)), raw.folder, tmp_path / "out", THREAD)
    assert counts.rejected == {"blank": 1, "blurred": 1}
    assert blurred in {row.file for row in read_list(tmp_path / "out/rejected.csv")}


def test_what_a_person_keeps_no_soft_rule_rejects(raw, tmp_path):
    for seed in range(9):
        raw.put(map_image(seed).filter(ImageFilter.UnsharpMask(2, 200)))
    blurred = raw.put(map_image(20).filter(ImageFilter.GaussianBlur(4)))
    (tmp_path / "keep.txt").write_text(blurred)
    settings = Prune(soft=Soft(blurred=0.1), keep=str(tmp_path / "keep.txt"))
    assert prune(settings, raw.folder, tmp_path / "out", THREAD).kept == 10
