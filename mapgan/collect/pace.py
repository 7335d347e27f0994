"""How fast one host is asked: slower where it answers slowly, and slower again where it says that it is busy."""

from __future__ import annotations

from mapgan import rng

MAX_DELAY = 3600.0  # seconds; a robots.txt may ask for years
LATENCY_SHARE = 2.0  # the host rests at least twice as long as it has worked for us
SMOOTHING = 0.2  # weight of the last answer in the mean latency
FIRST_PENALTY, MAX_PENALTY = 1.0, 60.0  # seconds that are added after 429 and 503, doubled each time
FORGIVEN = 0.25  # seconds below which the penalty, halved by each good answer, is over


class Pace:
    """The pause between two requests to one host.

    Args:
        least: seconds that the settings ask for; 0 for a host of one's own, which rests only when it is busy.
    """

    def __init__(self, least: float) -> None:
        self.least = least
        self.asked = 0.0
        """seconds that robots.txt asks for"""
        self.latency = 0.0
        """mean seconds until the head of an answer"""
        self.penalty = 0.0
        self.next = 0.0
        """when the next request may start, on the client's clock"""

    @property
    def delay(self) -> float:
        """Seconds from the end of a request to the start of the next one."""
        resting = LATENCY_SHARE * self.latency if self.least > 0 else 0.0
        return min(max(self.least, self.asked, resting) + self.penalty, MAX_DELAY)

    def answered(self, seconds: float) -> None:
        """The host has answered after so many seconds."""
        self.latency = (1 - SMOOTHING) * self.latency + SMOOTHING * seconds if self.latency else seconds

    def refused(self) -> None:
        """The host has said that it is busy: 429 or 503."""
        self.penalty = min(max(2 * self.penalty, FIRST_PENALTY), MAX_PENALTY)

    def succeeded(self) -> None:
        """The host has given what was asked for."""
        self.penalty = self.penalty / 2 if self.penalty / 2 >= FORGIVEN else 0.0


def backoff(url: str, attempt: int) -> float:
    """Seconds until retry number `attempt`, from 0: 1, 2, 4, ... times a factor from 0.5 to 1.5 that depends on `url`.

    The factor keeps clients that were refused together from coming back together; it is the same on every run.
    """
    return float(2.0**attempt * (0.5 + rng.uniform(0, f"retry {url}", attempt, 0, 1)[0]))
