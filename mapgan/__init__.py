"""mapgan makes new Dungeons & Dragons maps from images of old ones."""

__version__ = "0.1.0"
