"""mapgan makes new Dungeons & Dragons maps from pictures of old ones."""

__version__ = "0.1.0"
