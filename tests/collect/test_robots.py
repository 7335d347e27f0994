import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgan.collect.robots import ROBOTS_BYTES, Robots
from mapgan.collect.rules import reservations

HOST = "https://maps.example"
CLOSED = b"User-agent: *\nDisallow: /secret/\n"


def allows(content, path):
    return Robots(content).allows(HOST + path)


@pytest.mark.parametrize(
    "path",
    ["/secret/a", "/x/../secret/a", "/x/%2e%2e/secret/a", "/x/%2E./secret/a", "//secret/a", "/secret//a", "/./secret/a",
     "/%73ecret/a", "/x\\..\\secret/a", "/x/..%2fsecret/a", "/x%2f..%2Fsecret%2Fa", "/x/..%5Csecret/a", "/secret/"],
)  # fmt: skip
def test_no_spelling_leads_around_a_rule(path):
    assert not allows(CLOSED, path)


@given(st.lists(st.sampled_from(["x/../", "./", "%2e/", "x/%2E%2e/", "/", "y\\..\\"]), max_size=5))
def test_no_chain_of_spellings_leads_around_a_rule(steps):
    assert not allows(CLOSED, "/" + "".join(steps) + "secret/a")


@pytest.mark.parametrize("path", ["/", "/secrets", "/x/secret/a", "/?p=/secret/", "/secret"])
def test_the_rest_is_allowed(path):
    assert allows(CLOSED, path)


@pytest.mark.parametrize("agent", ["mapgan", "MapGAN", "MapGAN/0.1", "mapgan/0.1 (+https://x.example)", "mapgan # us"])
def test_a_rule_for_mapgan(agent):
    assert not allows(f"User-agent: {agent}\nDisallow: /\n\nUser-agent: *\nAllow: /\n".encode(), "/a")


@pytest.mark.parametrize("agent", ["map", "gan", "mapgan-extra", "mapgan2", "Mozilla/5.0 (compatible; mapgan)"])
def test_a_rule_for_another_crawler(agent):
    """RFC 9309: the product token is compared as a whole."""
    content = f"User-agent: {agent}\nAllow: /\n\nUser-agent: *\nDisallow: /\n".encode()
    assert allows(content, "/a") is (agent == "mapgan2")


def test_several_groups_for_mapgan_are_one():
    content = b"User-agent: mapgan\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: mapgan\nDisallow: /b\n"
    assert [allows(content, path) for path in ("/a", "/b", "/c")] == [False, False, True]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_newlines(encoding, newline):
    mark = "\ufeff" if encoding[-3:] in ("-le", "-be") else ""
    content = (mark + CLOSED.decode().replace("\n", newline)).encode(encoding)
    assert not allows(content, "/secret/a")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\x0b", "\u2028"])
def test_a_rule_for_a_version_of_mapgan_with_any_newline(newline):
    lines = ["User-agent: x", "Allow: /", "", "User-agent: MapGAN/0.1", "Disallow: /secret/", ""]
    assert not allows(newline.join(lines).encode(), "/secret/a")


def test_the_longest_rule_wins():
    content = b"User-agent: *\nDisallow: /maps\nAllow: /maps/free\n"
    assert [allows(content, path) for path in ("/maps/a", "/maps/free/a")] == [False, True]


def test_the_first_500_kib_count():
    filler = b"# " + b"x" * 997 + b"\n"
    long = CLOSED + filler * 5000
    assert len(long) > 10 * ROBOTS_BYTES // 2
    assert not allows(long, "/secret/a")
    assert allows(filler * 600 + CLOSED, "/secret/a")


def test_a_rule_that_is_cut_does_not_count():
    start = b"User-agent: *\nDisallow: /\n"
    filler = b"#" * (ROBOTS_BYTES - len(start) - len(b"\nAllow: /")) + b"\n"
    assert not allows(start + filler + b"Allow: /open\n", "/a")


@pytest.mark.parametrize(
    ("lines", "delay"),
    [("Crawl-delay: 2.5", 2.5), ("Request-rate: 1/5", 5), ("Request-rate: 10/1m", 6), ("Crawl-delay: soon", 0),
     ("Crawl-delay: 1\nRequest-rate: 1/3", 3), ("Request-rate: 0/5", 0), ("", 0)],
)  # fmt: skip
def test_delay(lines, delay):
    assert Robots(f"User-agent: *\n{lines}\n".encode()).delay == delay


def test_html_forbids_nothing():
    assert allows(b"<!doctype html><title>Not found</title><p>User-agent", "/a")


# /.well-known/tdmrep.json


def test_reservations_of_a_site():
    rules = reservations(b"""[
        {"location": "/maps/*", "tdm-reservation": 1, "tdm-policy": "https://maps.example/policy"},
        {"location": "/maps/free/*", "tdm-reservation": 0},
        {"location": "/*.svg$", "tdm-reservation": 1}]""")
    paths = ("/maps/a.png", "/maps/free/a.png", "/a.svg", "/a.svg.png", "/x/../maps/a.png", "/a.png")
    assert [rules.allows(HOST + path) for path in paths] == [False, True, False, True, False, True]


@pytest.mark.parametrize(
    "content",
    [b"", b"<!doctype html>", b"{}", b"[1, null, []]", b"[{}]", b'[{"location": 1, "tdm-reservation": 1}]',
     b'[{"location": "/a\\nDisallow: /", "tdm-reservation": 1}]', b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_reservation_reserves_nothing(content):
    assert reservations(content).allows(HOST + "/a")


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=100) | st.recursive(
    st.none() | st.text(max_size=9) | st.integers(0, 1),
    lambda parts: st.lists(parts) | st.dictionaries(st.sampled_from(["location", "tdm-reservation", "x"]), parts),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_reservations_are_read(content):
    assert reservations(content).allows(HOST + "/") in (True, False)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(content):
    assert Robots(content).allows(HOST + "/") in (True, False)


SEGMENTS = st.lists(st.text(alphabet="abc", min_size=1, max_size=3), min_size=1, max_size=3)


@settings(deadline=None, max_examples=60)
@given(SEGMENTS, SEGMENTS, st.data())
def test_what_lies_below_a_forbidden_folder_is_forbidden_in_every_spelling(folder, below, data):
    """Each character may be escaped, and each slash may be several, or a backslash, or come after a detour."""

    def spell(segment):
        return "".join(data.draw(st.sampled_from([c, f"%{ord(c):02x}", f"%{ord(c):02X}"])) for c in segment)

    slash = st.sampled_from(["/", "//", "\\", "/./", "/z/../", "/z/%2e%2E/", "%2f", "/%2e/"])
    path = "/" + "".join(spell(part) + data.draw(slash) for part in folder) + "/".join(map(spell, below))
    assert not allows(f"User-agent: *\nDisallow: /{'/'.join(folder)}/\n".encode(), path)


def test_a_long_file_of_other_crawlers_takes_no_time():
    """protego gives each rule to each crawler of its group: the square of the file's length."""
    groups = "".join(f"User-agent: bot{number}\n" for number in range(15_000))
    rules = "".join(f"Disallow: /{number}\n" for number in range(15_000))
    assert allows((groups + rules).encode(), "/a")
