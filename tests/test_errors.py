"""How errors look to people."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mapgan.errors import MapganError, exit_on_error


def test_what_strangers_write_cannot_steer_the_terminal(capsys):
    with pytest.raises(SystemExit), exit_on_error():
        raise MapganError("a site says \x1b[31mred\x1b]0;title\x07 and\r\nmore \u202e", "look")
    line = capsys.readouterr().err
    assert line == "mapgan: a site says [31mred ]0;title and more ; look\n"


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_closed_pipe_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "mapgan", "preset", "maps-768-24gb"]
    result = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (result.returncode, result.stderr) == (141, "")
