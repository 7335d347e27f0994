"""Whatever an API answers, a source ends with images and rows, or with one line."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgan.collect import commons, map_of_the_week, wordpress
from mapgan.collect.client import Client
from mapgan.collect.found import Found
from mapgan.collect.responses import Fetched
from mapgan.errors import MapganError
from mapgan.params.api_sources import Commons, MapOfTheWeek, WordPress
from mapgan.params.collecting import Download, Scrape

NAMES = (
    *("query", "pages", "title", "imageinfo", "thumburl", "extmetadata", "LicenseShortName", "value", "continue"),
    *("gcmcontinue", "error", "code", "batchcomplete", "mime", "descriptionurl", "sha1", "Artist"),
    *("link", "rendered", "content", "source_url", "mime_type", "_embedded", "author", "media_details", "name"),
)
TEXTS = (
    "",
    "CC0",
    "maxlag",
    "image/png",
    "//a.example/a.png",
    "<img src=x.png>",
    "\ud800",
    "timestamp",
    "2008",
    "x" * 3000,
)
SCALARS = st.none() | st.booleans() | st.integers(-1, 2) | st.floats() | st.sampled_from([*TEXTS, *NAMES]) | st.text()
ANSWERS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)
FILES = st.fixed_dictionaries({"query": st.fixed_dictionaries({"pages": st.lists(ANSWERS, max_size=3)})})
SETTINGS = Scrape(
    commons=Commons(categories=["Maps"], api="https://a.example/w/api.php"),
    wordpress=WordPress(urls=["https://a.example"], max_pages=2),
    download=Download(contact="me", retries=1),
    **{"map-of-the-week": MapOfTheWeek(accept_rights=True)},
)


class Answering(Client):
    """Gives the answers in turn, and again, as JSON whatever is asked for."""

    def __init__(self, answers):
        super().__init__(SETTINGS.download, trusted=[], sleep=lambda seconds: None)
        self.bodies = itertools.cycle([json.dumps(answer).encode() for answer in answers])

    def fetch(self, url, into, expected, limit, page=""):
        into.write(next(self.bodies))
        return Fetched(url, headers={"X-WP-TotalPages": "3"})


@pytest.mark.parametrize("module", [commons, wordpress, map_of_the_week])
@settings(max_examples=40, deadline=None)
@given(st.lists(ANSWERS | FILES | st.lists(ANSWERS, max_size=3), min_size=1, max_size=3))
def test_any_answer(module, answers):
    found, line = Found([]), ""
    try:
        found = module.source(SETTINGS).find(Answering(answers))
    except MapganError as error:
        line = str(error)
    assert "\n" not in line
    assert all(row.status in ("failed", "refused") for row in found.left_out)
    assert all(image.urls[0].startswith(("http://", "https://")) for image in found.images)
