"""The pictures of the built-in catalogue, drawn by this program: ``python -m tools.catalogue``."""
