"""One spelling for each address, and none of them inside the user's own network."""

import ipaddress
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgan.collect.addresses import UnavailableError, canonical, is_public, origin
from mapgan.collect.connections import Connections
from mapgan.collect.links import resolve

SPELLINGS = {
    "an international name": ("http://Höhle.example/", "http://xn--hhle-5qa.example/"),
    "a path outside ASCII": ("http://a.example/ä b?x=ü", "http://a.example/%C3%A4%20b?x=%C3%BC"),
    "backslashes": ("http:\\\\a.example\\maps\\1.png", "http://a.example/maps/1.png"),
    "a backslash in the query": ("http://a.example/m?f=a\\b", "http://a.example/m?f=a%5Cb"),
    "dots": ("http://a.example/x/../secret/./1.png", "http://a.example/secret/1.png"),
    "escaped dots": ("http://a.example/x/%2e%2E/secret", "http://a.example/secret"),
    "backslashes and dots": ("http://a.example/x\\..\\secret", "http://a.example/secret"),
    "an escaped escape": ("http://a.example/%252e%252e/x", "http://a.example/%252e%252e/x"),
    "dots above the root": ("http://a.example/../../x", "http://a.example/x"),
    "the usual port": ("HTTPS://A.example:443", "https://a.example/"),
    "the dot of the root": ("http://a.example./x", "http://a.example/x"),
    "a password": ("http://me:secret@a.example/", "http://a.example/"),
    "a fragment": ("http://a.example/x#y?z", "http://a.example/x"),
    "line breaks": (" http://a.example/a\n\tb ", "http://a.example/ab"),
}


@pytest.mark.parametrize(("url", "expected"), SPELLINGS.values(), ids=SPELLINGS)
def test_canonical(url, expected):
    assert canonical(url) == expected


@pytest.mark.parametrize(
    "url",
    ["http://h:99999/", "http://h:PORT/", "http://h:0/", "http://[bad", "http:///a.png", "http://a b/", "mailto:a@b",
     "C:\\maps", "http://%00/", "http://a.example/" + "x" * 3000, "file:///etc/passwd", "http://xn--\udcff/"],
)  # fmt: skip
def test_no_address(url):
    with pytest.raises(UnavailableError):
        canonical(url)


URL_TEXT = st.text(alphabet=st.sampled_from("ab.:/\\@?#&=%25e[]~^| \tü\x00\udc80-;,"), max_size=30)


@given(URL_TEXT, st.sampled_from(["", "http://a.example/", "http://", "https://h:", "http:\\\\a\\"]))
def test_any_text_is_an_address_or_named_as_none(text, start):
    try:
        url = canonical(start + text, "http://base.example/x/")
    except UnavailableError:
        return
    assert canonical(url) == url
    host, port = origin(url)
    parts = urlsplit(url)
    assert url.isascii()
    assert " " not in url
    assert host
    assert 0 < port < 65536
    assert parts.scheme in {"http", "https"}
    assert "@" not in parts.netloc
    assert not parts.fragment
    assert not {".", ".."} & set(parts.path.split("/"))


@given(URL_TEXT)
def test_a_link_of_any_text_does_no_harm(text):
    url = resolve(text, "http://base.example/x/")
    assert url is None or origin(url)


def test_what_is_sent_is_what_was_checked(site, client_of):
    connections = Connections(client_of(site.url).trusted, direct=True)

    @settings(max_examples=60, deadline=None)
    @given(URL_TEXT)
    def check(text):
        try:
            url = canonical(f"{site.url}/{text}")
        except UnavailableError:
            return
        site.requested.clear()
        response = connections.get(url, {}, timeout=10)
        response.drain_conn()
        response.release_conn()
        assert site.requested == [url.removeprefix(site.url)]

    check()


PUBLIC = [
    *("93.184.216.34", "::ffff:93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822", "2002:5db8:d822::1"),
    *("example.org", "fec0.example", "1.example"),
]
PRIVATE = [
    *("10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "127.8.8.8", "0.0.0.0", "100.64.0.1", "224.0.0.1"),
    *("192.0.0.9", "192.88.99.1", "198.18.0.1", "203.0.113.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "::127.0.0.1", "fe80::1%eth0", "fec0::1", "fd00::1", "ff02::1", "100::1", "2001:db8::1", "3fff::1"),
    *("::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "[::1]"),
    *("127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "localhost.", "maps.localhost"),
]


@pytest.mark.parametrize("host", PUBLIC)
def test_public(host):
    assert is_public(host)


@pytest.mark.parametrize("host", PRIVATE)
def test_private(host):
    assert not is_public(host)


@given(st.ip_addresses(v=6))
def test_of_ipv6_only_global_unicast_is_public(address):
    within = address.ipv4_mapped or address in ipaddress.ip_network("64:ff9b::/96")
    if address not in ipaddress.ip_network("2000::/3") and not within:
        assert not is_public(str(address))


@given(st.ip_addresses(v=4))
def test_ipv4_within_ipv6_is_as_public_as_ipv4(address):
    number = int(address)
    spellings = [
        f"::ffff:{address}",
        str(ipaddress.IPv6Address((0x64FF9B << 96) | number)),
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))),
        str(number),
        hex(number),
    ]
    assert {is_public(spelling) for spelling in spellings} == {is_public(str(address))}


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="192.168.0.0/16"))
def test_no_home_network_is_public(address):
    assert not is_public(str(address))
