"""Benchmarks: `make bench` prints one JSON object a line (see docs/reference/benchmarks.md)."""
