import csv
import re
from html.parser import HTMLParser

import pytest

from mapgan.collect.credits import read_credits, to_csv, to_markdown
from mapgan.collect.manifest import ManifestRow, write_manifest
from mapgan.commands.credits import write_credits
from mapgan.errors import MapganError


def row(number=1, **fields):
    return ManifestRow(file=f"{number:064x}.png", url=f"https://a.example/{number}.png", mime="image/png", **fields)


@pytest.fixture
def manifest(tmp_path):
    def write(*rows):
        path = tmp_path / "raw" / "manifest.csv"
        write_manifest(path, rows)
        return path

    return write


def test_title_author_licence_and_source(manifest):
    page = "https://commons.wikimedia.org/wiki/File:Pit_(old).jpg"
    path = manifest(row(title="The Pit", author="Ann", licence="CC BY-SA 3.0 de", page=page))
    *_, line = to_markdown(read_credits(path)).splitlines()
    assert line == (
        "- “The Pit” by Ann, [CC BY-SA 3.0 de](https://creativecommons.org/licenses/by-sa/3.0/de/), "
        "from [commons.wikimedia.org](https://commons.wikimedia.org/wiki/File:Pit_%28old%29.jpg)"
    )


def test_a_licence_that_is_given_by_its_url(manifest):
    path = manifest(row(licence="https://creativecommons.org/licenses/by-nc/3.0/us/"))
    assert "[CC BY-NC 3.0 us](https://creativecommons.org/licenses/by-nc/3.0/us/)" in to_markdown(read_credits(path))


def test_only_images_that_there_are_each_once_by_author(manifest):
    failed = ManifestRow(url="https://a.example/x.png", status="failed", reason="HTTP 404")
    path = manifest(row(2, author="Bob"), row(1, author="Bob"), row(3, author="Ann", title="=1+1"), failed)
    entries = read_credits(path)
    assert [(entry.author, entry.url[-5:]) for entry in entries] == [
        ("Ann", "3.png"),
        ("Bob", "1.png"),
        ("Bob", "2.png"),
    ]
    assert "“=1+1” by Ann" in to_markdown(entries)
    assert [line["title"] for line in csv.DictReader(to_csv(entries).splitlines())] == ["'=1+1", "", ""]


def test_what_is_not_known_is_said(manifest, tmp_path):
    line = write_credits(manifest(row(1), row(2, author="Ann", licence="CC0")).parent, tmp_path / "credits")
    assert line.endswith("credits.md, credits.csv, 1 without author, 1 without licence")
    text = (tmp_path / "credits" / "credits.md").read_text(encoding="utf-8")
    assert "“Untitled” by an author that its page does not name, under a licence that its page does not name" in text


def test_images_of_ones_own_have_no_link(manifest):
    assert to_markdown(read_credits(manifest(ManifestRow(file=f"{1:064x}.png", url="folder:a`b.png")))).endswith(
        "from `folder:ab.png`\n"
    )


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes).get("href")))


def test_texts_from_the_net_are_text(manifest):
    markdown_it = pytest.importorskip("markdown_it", reason="comes with rich")
    evil = "<script>x</script> [a](javascript:b) ![i](http://e.example/i.png) `c` *d* &lt;b&gt;"
    evil += " https://www.e.example www.e.example m@e.example"
    page = "https://a.example/)](javascript:x)<b>"
    path = manifest(row(title=evil, author=evil, licence=evil, page=page))
    page_html = markdown_it.MarkdownIt("commonmark").render(to_markdown(read_credits(path)))
    elements = Elements()
    elements.feed(page_html)
    assert {tag for tag, _ in elements.seen} <= {"h1", "p", "ul", "li", "a"}
    assert [href for tag, href in elements.seen if tag == "a"] == ["https://a.example/%29%5D%28javascript:x%29%3Cb%3E"]
    assert not re.search(r"https?://www|(?<!\\)[wW]ww\.e|m@e", to_markdown(read_credits(path)))


def test_other_lists_with_the_same_columns(tmp_path):
    (tmp_path / "kept.csv").write_text("url,title,author,licence,page\nhttps://a.example/1.png,Pit,Ann,CC0,\n")
    assert write_credits(tmp_path, tmp_path / "out").startswith("credits for 1 images in ")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b"\xff", "cannot be read"), (b"", "no images"), (b"url\nx\n", "not a manifest")],
)
def test_what_is_no_manifest_ends_in_one_line(tmp_path, content, message):
    if content is not None:
        (tmp_path / "m.csv").write_bytes(content)
    with pytest.raises(MapganError, match=message):
        write_credits(tmp_path / "m.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()
