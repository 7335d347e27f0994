import pytest

from mapgan.collect.licences import allows, text_of_licence


@pytest.mark.parametrize(
    ("allowed", "licence", "expected"),
    [
        ("CC BY", "CC BY 4.0", True),
        ("CC BY", "cc-by-3.0-de", True),
        ("CC BY", "https://creativecommons.org/licenses/by/4.0/", True),
        ("CC BY", "CC BY-SA 4.0", False),
        ("CC BY", "CC BY-NC 4.0", False),
        ("CC BY", "CC BY 4.0 NC", False),
        ("CC BY-SA", "CC BY-SA 4.0,3.0,2.5,2.0,1.0", True),
        ("CC BY-SA", "CC BY\u2010SA 4.0", True),
        ("CC BY-SA 4.0", "CC BY-SA 3.0", False),
        ("CC0", "CC0 1.0", True),
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/", True),
        ("Public domain", "public domain", True),
        ("Public domain", "Public domain in Mexico", False),
        ("", "CC BY 4.0", False),
        ("CC BY", "", False),
        ("CC BY", "all rights reserved", False),
    ],
)
def test_allowed_licences(allowed, licence, expected):
    assert allows(["MIT", allowed], licence) is expected


@pytest.mark.parametrize(
    ("licence", "url"),
    [
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("CC BY-NC-SA 2.5 it", "https://creativecommons.org/licenses/by-nc-sa/2.5/it/"),
        ("CC BY-SA 4.0,3.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
        ("http://creativecommons.org/licenses/by/3.0/us/", "https://creativecommons.org/licenses/by/3.0/us/"),
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("CC BY", ""),
        ("Public domain", ""),
        ("MIT 1.0", ""),
        ("", ""),
    ],
)
def test_where_the_text_is(licence, url):
    assert text_of_licence(licence) == url
