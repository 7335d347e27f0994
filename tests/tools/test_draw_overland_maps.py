import io
import itertools

import numpy as np
import pytest
from PIL import Image

from tools.draw_overland_maps import COLORS, draw, label_bytes, legend
from tools.overland import painting
from tools.overland.painting import curve, paint
from tools.overland.paths import cheapest
from tools.overland.terrain import SIDE, Label, generate

SQUARE = 8  # pixels
SEED = 5  # all labels occur in its map


@pytest.fixture(scope="module", autouse=True)
def small():
    """Half the size and less oversampling, for speed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painting, "SQUARE", SQUARE)
        patch.setattr(painting, "OVERSAMPLING", 2)
        yield


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    out = tmp_path_factory.mktemp("maps")
    draw(out, SEED)
    return out


@pytest.fixture(scope="module")
def terrains():
    return [generate(seed) for seed in range(10)]


@pytest.fixture(scope="module")
def colors(drawn, terrains):
    """The mean color of the squares of each label."""
    pixels = np.asarray(Image.open(drawn / f"overland-{SEED:03d}.webp").convert("RGB"), float)
    squares = pixels.reshape(SIDE, SQUARE, SIDE, SQUARE, 3).mean((1, 3))
    return {label: squares[terrains[SEED].labels == label].mean(0) for label in Label}


def test_the_same_seed_gives_the_same_map(drawn):
    again = generate(SEED)
    with Image.open(drawn / f"overland-{SEED:03d}.webp") as picture:
        assert picture.size == (SIDE * SQUARE, SIDE * SQUARE)
        assert picture.convert("RGB").tobytes() == paint(again).tobytes()
    assert (drawn / f"overland-{SEED:03d}.labels.png").read_bytes() == label_bytes(again)


def test_the_label_map_has_the_colors_of_the_legend(terrains):
    picture = Image.open(io.BytesIO(label_bytes(terrains[SEED]))).convert("RGB")
    named = {line.split()[1]: line.split()[0] for line in legend().splitlines()}
    assert picture.size == (SIDE, SIDE)
    for row, column in np.ndindex(SIDE, SIDE):
        label = Label(terrains[SEED].labels[row, column])
        assert "#{:02x}{:02x}{:02x}".format(*picture.getpixel((column, row))) == named[label.name.lower()]
    assert len(set(COLORS.values())) == len(Label) == 10


def test_labels_match_colors(colors):
    red, green, blue = np.transpose([colors[label] for label in Label])
    assert blue[Label.WATER] == max(blue)
    assert blue[Label.WATER] > red[Label.WATER] + 40
    assert green[Label.GRASS] > max(red[Label.GRASS], blue[Label.GRASS])
    assert green[Label.WOOD] > red[Label.WOOD] + 15
    assert red[Label.SAND] == max(red)
    assert np.ptp(colors[Label.MOUNTAIN]) < np.ptp(colors[Label.HILL])  # gray
    assert red[Label.VILLAGE] > green[Label.VILLAGE]
    assert blue[Label.RIVER] - red[Label.RIVER] > blue[Label.ROAD] - red[Label.ROAD]


def test_all_labels_occur(terrains):
    counts = np.bincount(np.concatenate([terrain.labels.ravel() for terrain in terrains]), minlength=len(Label))
    assert (counts > 40).all()


def test_rivers_lead_from_mountains_to_water_or_to_another_river(terrains):
    for terrain in terrains:
        for number, river in enumerate(terrain.rivers):
            assert terrain.ground[river[0]] == Label.MOUNTAIN
            end = river[-1]
            assert terrain.ground[end] == Label.WATER or any(end in other for other in terrain.rivers[:number])
        squares = [square for way in terrain.rivers + terrain.roads for square in itertools.pairwise(way)]
        assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1 for a, b in squares)


def test_a_curve_stays_in_its_squares(terrains):
    for way in (way for terrain in terrains for way in terrain.rivers + terrain.roads):
        middles = np.array([(column + 0.5, row + 0.5) for row, column in way])
        for point in curve(way):
            assert np.abs(middles - point).max(1).min() <= 0.5001


def test_no_way_leads_through_walls():
    cost = np.ones((5, 5), np.float32)
    cost[2] = np.inf
    goals = np.zeros((5, 5), bool)
    goals[4, 4] = True
    assert cheapest(cost, [(0, 0)], goals) == []
    cost[2, 0] = 9
    assert (2, 0) in cheapest(cost, [(0, 0)], goals)
