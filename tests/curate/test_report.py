import re

from mapgan.curate.prune import prune
from mapgan.params.collecting import Prune

from .conftest import map_image


def page(raw, out):
    prune(Prune(), raw.folder, out, 1)
    return (out / "report.html").read_text(encoding="utf-8")


def test_what_comes_from_the_net_is_escaped(raw, tmp_path):
    raw.put(map_image(1), title='<script>x</script>"', licence="<b>", page='https://x.example/"><i>')
    html = page(raw, tmp_path / "out")
    assert "<script" not in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_only_web_addresses_are_links(raw, tmp_path):
    raw.put(map_image(1), page="javascript:alert(1)", url="demo:one")
    raw.put(map_image(2), page="data:text/html,x", url="http://[bad")
    raw.put(map_image(3), page="https://ok.example/?a=1&b=2")
    assert re.findall('href="([^"]*)"', page(raw, tmp_path / "out")) == ["https://ok.example/?a=1&amp;b=2"]


def test_nothing_is_loaded_from_outside(raw, tmp_path):
    raw.put(map_image(1))
    html = page(raw, tmp_path / "out")
    sources = re.findall(r'(?:src="|url\()([^")]{5})', html)
    assert sources
    assert set(sources) == {"data:"}


def test_a_double_stands_beside_what_it_doubles(raw, tmp_path):
    large, small = raw.put(map_image(1, (320, 256))), raw.put(map_image(1, (320, 256)).resize((160, 128)))
    card = re.search('<div class="images">(.*?)</div>', page(raw, tmp_path / "out"))[1]
    assert re.findall('alt="([^"]*)"', card) == [large, small]


def test_at_most_sixty_of_a_kind(raw, tmp_path):
    for seed in range(62):
        raw.put(map_image(seed, (30, 20)))
    raw.put(map_image(99))
    html = page(raw, tmp_path / "out")
    assert "(60 of 62 shown)" in html
    assert html.count("<figure>") == 61


def test_the_odd_ones_of_a_large_set_are_shown(raw, tmp_path):
    for seed in range(30):
        raw.put(map_image(seed, (64, 64)))
    assert "Worth a look" in page(raw, tmp_path / "out")
