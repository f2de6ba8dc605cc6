"""Exact cross-margin arithmetic for crypto derivatives accounts."""

__version__ = "0.1.0"

__all__ = ["__version__"]
