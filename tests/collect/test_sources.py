"""The table of sources: each is one file, has its settings, and is described where users look."""

from pathlib import Path
from typing import get_args

from mapgan import collect
from mapgan.collect import settings_for
from mapgan.params.collecting import Scrape

ROOT = Path(__file__).parents[2]


def test_the_table_lists_all_sources():
    names = set(get_args(Scrape.model_fields["source"].annotation))
    assert set(collect.ON_THE_NET) | set(collect.OTHERS) == names
    assert set(collect.ON_THE_NET) == {"gallery", "wordpress", "commons", "map-of-the-week", "urls"}
    assert set(collect.BY_URL) < set(collect.ON_THE_NET)


def test_each_source_is_a_file_and_a_section():
    sections = {field.alias or name for name, field in Scrape.model_fields.items()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, source in collect.ON_THE_NET.items():
        assert source.__module__ == f"mapgan.collect.{name.replace('-', '_')}"
        assert name in sections
        assert f"`{name}`" in readme


def test_a_url_has_one_source_and_is_a_gallery_otherwise():
    assert settings_for("https://commons.wikimedia.org/wiki/Category:Maps")["source"] == "commons"
    assert settings_for("https://maps.example/wp-json/wp/v2/media")["source"] == "wordpress"
    assert settings_for("map-of-the-week")["source"] == "map-of-the-week"
    url = "https://maps.example/"
    assert settings_for(url) == {"source": "gallery", "gallery": {"urls": [url]}}
