"""A progress bar on a terminal; elsewhere a line of text every 20 seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 20.0
SECONDS_BETWEEN_UPDATES = 0.1  # of a bar on a terminal


class Bar:
    """A progress bar: `with Bar("prune", total=240) as bar: bar.advance()`; within another one it shows nothing.

    Args:
        title: one word.
        total: number of items; None if it is not known.
        done: number of items that are done already.
        quiet: print nothing, in processes that are not the main one.
    """

    active = 0  # bars that are being shown

    def __init__(self, title: str, total: int | None = None, done: int = 0, quiet: bool = False) -> None:
        self.title, self.total, self.done, self.note = title, total, done, ""
        self.quiet = quiet = quiet or Bar.active > 0
        console = Console(stderr=True)
        self.terminal = console.is_terminal and not quiet
        self.rich = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not self.terminal,
        )
        self.task = self.rich.add_task(title, total=total, completed=done, note="")
        self.last_line = time.monotonic()

    def __enter__(self) -> Bar:
        Bar.active += 1
        self.rich.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        Bar.active -= 1
        self.rich.stop()
        if not self.terminal and kind is None:
            self._print_line()

    def advance(self, count: int = 1, note: str | None = None) -> None:
        """Count `count` more items; `note` is shown behind the bar until the next one."""
        self.done += count
        self.note = self.note if note is None else note
        self.rich.update(self.task, completed=self.done, note=self.note)
        if not self.terminal and time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self._print_line()

    def restart(self, done: int) -> None:
        """Set the number of items that are done, which may be fewer than before."""
        self.done = done
        self.rich.update(self.task, completed=done)

    def _print_line(self) -> None:
        if self.quiet:
            return
        of = f"/{self.total}" if self.total is not None else ""
        print(f"{self.title}: {self.done}{of} {self.note}".rstrip(), file=sys.stderr, flush=True)
        self.last_line = time.monotonic()


class Bars:
    """Progress bars side by side: `with Bars("images", {"a.example": 20}) as bars: bars.advance("a.example", str)`.

    Args:
        title: one word.
        totals: number of items by part.
    """

    def __init__(self, title: str, totals: Mapping[str, int]) -> None:
        self.title, self.totals = title, totals
        self.done = dict.fromkeys(totals, 0)
        self.notes: dict[str, Callable[[], str]] = dict.fromkeys(totals, str)
        console = Console(stderr=True)
        self.terminal = console.is_terminal
        self.rich = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            disable=not self.terminal,
        )
        self.tasks = {part: self.rich.add_task(part, total=total, note="") for part, total in totals.items()}
        self.last_shown = time.monotonic()

    def __enter__(self) -> Bars:
        self.rich.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if self.terminal:
            self._show()
        self.rich.stop()
        if not self.terminal and kind is None:
            self._print_line()

    def advance(self, part: str, note: Callable[[], str]) -> None:
        """Count one more item of a part; `note` gives the text behind its bar, and is asked only when it is shown."""
        self.done[part] += 1
        self.notes[part] = note
        now = time.monotonic()
        if self.terminal and now - self.last_shown > SECONDS_BETWEEN_UPDATES:
            self._show()
            self.last_shown = now
        elif not self.terminal and now - self.last_shown > SECONDS_BETWEEN_LINES:
            self._print_line()
            self.last_shown = now

    def _show(self) -> None:
        for part, task in self.tasks.items():
            self.rich.update(task, completed=self.done[part], note=self.notes[part]())

    def _print_line(self) -> None:
        for part, total in self.totals.items():
            name = f"{self.title} of {part}" if len(self.totals) > 1 else self.title
            print(f"{name}: {self.done[part]}/{total} {self.notes[part]()}".rstrip(), file=sys.stderr, flush=True)
