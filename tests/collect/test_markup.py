"""Pages that are made to be slow: the work grows with their size and no faster."""

import sys
import time

import pytest

from mapgan.collect import markup, pages
from mapgan.collect.markup import MAX_DEPTH, MAX_NODES, MAX_TEXT, parse, plain_text, text_of
from mapgan.collect.pages import read_page
from mapgan.params.collecting import Gallery

SIZES = range(1000, 11_000, 1000)
MAX_GROWTH = 1.5  # work per byte of the largest page, in that of the smallest

HOSTILE = {
    "nested elements": lambda number: f"<i><img src={number}.png>",
    "unclosed links": lambda number: f"<a href={number}.png>x",
    "images in one link": lambda number: "<a href=x>" * (number == 0) + f"<img src={number}.png>",
    "unclosed comments": lambda number: "<!-- ",
    "unclosed tags": lambda number: "<img src=",
    "unclosed declarations": lambda number: "<![foo",
    "tables": lambda number: f"<table><tr><td><img src={number}.png>",
    "formatting across blocks": lambda number: f"<b><p><img src={number}.png>",
    "pictures in pictures": lambda number: f"<picture><source srcset={number}.png><img src={number}.png>",
    "images in one picture": lambda number: "<picture>" * (number == 0) + f"<img src={number}.png>",
    "end tags": lambda number: "<b></i></p></div>",
    "entities": lambda number: "&amp&#x41;&foo",
    "attributes": lambda number: "<img " * (number == 0) + f"a{number}=1 ",
    "one srcset": lambda number: "<img srcset='" * (number == 0) + f"/{number}.png {number}w, ",
    "one title": lambda number: "<img src=a.png alt='" * (number == 0) + "x " * 10,
    "titles": lambda number: "<title>" + "x" * 30,
    "bases": lambda number: "<base href=a/>",
    "metas": lambda number: "<meta name=robots content=noai>",
}


def page(piece, size):
    pieces, length, number = [], 0, 0
    while length < size:
        pieces.append(piece(number))
        length += len(pieces[-1])
        number += 1
    return "".join(pieces).encode()


def read(html):
    settings = Gallery()
    return read_page(html, "https://maps.example/", images=settings.images, next_page=settings.next_page)


def calls(html):
    """The number of calls of functions, also of those in C, that reading a page takes: the same on every machine."""
    count = 0

    def profile(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        read(html)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_work_grows_with_the_size(piece):
    read(b"<p>")  # compiles the selectors
    work = [(calls(page(piece, size)) - calls(b"<p>")) / size for size in SIZES]
    # nesting costs more until it reaches its limit, so the first sizes are not the measure
    assert max(work[5:]) <= MAX_GROWTH * max(max(work[:5]), 0.05)


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_a_large_page_takes_seconds_at_most(piece):
    """What C code does within one call is not counted above."""
    html = page(piece, 100_000)
    start = time.process_time()
    read(html)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("piece", ["<", "<b>", "<i hidden>", "&lt;", "<" * 9990 + ">"])
def test_a_field_of_an_api_takes_no_time(piece):
    """There may be a thousand of them in an answer."""
    start = time.process_time()
    for _ in range(10):
        plain_text(piece * (10_000 // len(piece) + 1))
    assert time.process_time() - start < 1


def test_a_field_that_is_cut_ends_before_the_tag_that_is_cut(monkeypatch):
    monkeypatch.setattr(markup, "MAX_PIECE", 14)
    assert plain_text("<b>The</b> pit <i>of despair</i>") == "The pit"
    assert plain_text("The pit <<a <b c") == "The pit"


def test_nesting_is_limited_and_nothing_is_lost():
    soup = parse(b"<div>" * 5000 + b"<img src=a.png>" + b"</div>" * 5000 + b"<img src=b.png>", None)
    depths = [len(list(tag.parents)) for tag in soup.find_all(True)]
    assert max(depths) <= MAX_DEPTH
    assert len(soup.find_all("img")) == 2


def test_the_number_of_images_of_a_page_is_limited(monkeypatch):
    monkeypatch.setattr(pages, "MAX_PER_PAGE", 50)
    assert len(read(b"".join(b'<a href="/%d.png">x</a>' % number for number in range(60))).images) == 50


def test_of_a_text_the_beginning_is_read():
    assert len(text_of(parse(b"<p>" + b"x" * 10_000, None))) == MAX_TEXT
    words = text_of(parse(b"<p>" + b"<b></b>" * MAX_NODES + b"end", None))
    assert words == ""
    assert text_of(parse(b"<p> The <b>pit</b>\n of <i>despair", None)) == "The pit of despair"


def test_the_number_of_elements_of_a_page_is_limited(monkeypatch):
    monkeypatch.setattr(markup, "MAX_TAGS", 50)
    assert len(parse(b"<p>x</p>" * 500, None).find_all(True)) == 50


@pytest.mark.parametrize(
    "junk", [b"<![foo]>", b"<!foo>", b"<?php x ?>", b"</>", b"<>", b"\x00", b"<!-->", b"\xff\xfe\x80"]
)
def test_broken_markup_loses_nothing_behind_it(junk):
    assert [image.urls[0] for image in read(b"<p>" + junk + b'<img src="/a.png">').images] == [
        "https://maps.example/a.png"
    ]


@pytest.mark.parametrize("html", [b"", b" ", b"\x00", b"<", b"plain text", b"\xff\xfe", bytes(range(256))])
def test_what_is_no_page_has_no_images(html):
    assert read(html).images == []
