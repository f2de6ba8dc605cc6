"""Binance's USDⓈ-M futures API, so that bots written for it trade here with the address changed.

Requests become the venue's commands, answers and streams are read from its state and its history;
nothing is decided here. What differs from Binance is listed in docs/reference/binance-dialect.md.
"""
