"""Real pictures from outside the package: data sets of whole pictures, and the authors' base set from the Hub."""

from invariance.data.sources.root import data_root

__all__ = ["data_root"]
