import base64
import hashlib
import re

from mapgan.curate.prune import prune
from mapgan.curate.report import SCRIPT
from mapgan.params.collecting import Prune, Soft

from .conftest import THREAD, map_image


def page(raw, out):
    prune(Prune(), raw.folder, out, THREAD)
    return (out / "report.html").read_text(encoding="utf-8")


def test_what_comes_from_the_net_is_escaped(raw, tmp_path):
    raw.put(map_image(1), title='<script>x</script>"', licence="<b>", page='https://x.example/"><i>')
    html = page(raw, tmp_path / "out")
    assert re.findall("<script.*", html) == ["<script>" + SCRIPT.splitlines()[0]]
    assert "<b>" not in html
    assert "<i>" not in html


def test_only_web_addresses_are_links(raw, tmp_path):
    raw.put(map_image(1))
    raw.put(map_image(1, (30, 20)), page="javascript:alert(1)", url="demo:one")
    raw.put(map_image(2, (30, 20)), page="data:text/html,x", url="http://[bad")
    raw.put(map_image(3, (30, 20)), page="https://ok.example/?a=1&b=2")
    assert re.findall('href="([^"]*)"', page(raw, tmp_path / "out")) == ["https://ok.example/?a=1&amp;b=2"]


def test_nothing_is_loaded_from_outside(raw, tmp_path):
    raw.put(map_image(1))
    html = page(raw, tmp_path / "out")
    sources = re.findall(r'(?:src="|url\()([^")]{5})', html)
    assert sources
    assert set(sources) == {"data:"}


def test_a_double_stands_beside_what_it_doubles(raw, tmp_path):
    large, small = raw.put(map_image(1, (320, 256))), raw.put(map_image(1, (320, 256)).resize((160, 128)))
    card = re.search('<div class="images">(.*?)</figure>', page(raw, tmp_path / "out"))[1]
    assert re.findall('alt="([^"]*)"', card) == [large, small]
    assert re.findall("<span>(.*?)</span>", card) == ["kept", "0 bits", "160 x 128"]


def test_beyond_sixty_of_a_kind_they_are_small(raw, tmp_path):
    for seed in range(62):
        raw.put(map_image(seed, (30, 20)))
    raw.put(map_image(99))
    html = page(raw, tmp_path / "out")
    section = html[html.index("<h2>Too small") : html.index("<h2>Kept")]
    assert "(62)" in section
    assert section.count("<figure>") == 60
    assert section.count("<img") == 62


def test_only_the_reports_own_script_may_run(raw, tmp_path):
    raw.put(map_image(1))
    html = page(raw, tmp_path / "out")
    script = re.search("<script>(.*?)</script>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
    assert "default-src 'none'" in html


def test_limits_are_drawn_into_the_histograms(raw, tmp_path):
    for seed in range(10):
        raw.put(map_image(seed))
    prune(Prune(soft=Soft(blurred=0.1)), raw.folder, tmp_path / "out", THREAD)
    html = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    labels = re.findall(r'class="limit"[^>]*>limit ([^<]*)</text>.*?<figcaption>([^<]*)<', html)
    assert [(limit, label) for limit, label in labels[:3]] == [
        ("64", "width, pixels"),
        ("64", "height, pixels"),
        ("4", "longer side over shorter side"),
    ]
    assert [label for _, label in labels[3:]] == ["sharpness"]


def test_the_odd_ones_of_a_large_set_are_shown(raw, tmp_path):
    for seed in range(30):
        raw.put(map_image(seed, (64, 64)))
    assert "Worth a look" in page(raw, tmp_path / "out")
