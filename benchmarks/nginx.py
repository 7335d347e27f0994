"""A real web server for tests and benchmarks: nginx on a free port of 127.0.0.1, without privileges."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"  # the first is often not in the PATH of users
CONFIG = """
daemon off; master_process off; pid {work}/pid; error_log {work}/error.log;
events {{ worker_connections 64; }}
http {{
  types {{ text/html html; image/png png; image/jpeg jpg; image/webp webp; }}
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  server {{ listen 127.0.0.1:{port}; root "{root}"; autoindex on; index index.html; {extra} }}
}}
"""


def find_nginx() -> str | None:
    """The path of nginx; None if it is not installed."""
    return shutil.which("nginx") or shutil.which("nginx", path=PLACES)


@contextlib.contextmanager
def serving(root: Path, work: Path, extra: str = "") -> Iterator[str]:
    """Serve a folder, with directory indexes; yields the URL, which ends in `/`.

    Args:
        root: the folder.
        work: a folder for files of nginx.
        extra: more lines of its configuration, within `server`.

    Raises:
        RuntimeError: nginx is not installed, or does not start.
    """
    nginx = find_nginx()
    if nginx is None:
        raise RuntimeError("nginx is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    work.mkdir(parents=True, exist_ok=True)
    config = work / "nginx.conf"
    config.write_text(CONFIG.format(work=work, root=root, port=port, extra=extra), encoding="utf-8")
    log = work / "error.log"
    process = subprocess.Popen([nginx, "-c", str(config), "-p", str(work), "-e", str(log)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nginx does not start: {log.read_text(encoding='utf-8') if log.exists() else ''}")
