import pytest

from mapgan.errors import MapganError, exit_on_error


def test_what_strangers_write_cannot_steer_the_terminal(capsys):
    with pytest.raises(SystemExit), exit_on_error():
        raise MapganError("a site says \x1b[31mred\x1b]0;title\x07 and\r\nmore \u202e", "look")
    line = capsys.readouterr().err
    assert line == "mapgan: a site says [31mred ]0;title and more ; look\n"
