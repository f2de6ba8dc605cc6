"""One portfolio under the rules of many venues."""
