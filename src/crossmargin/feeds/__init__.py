"""Where prices come from: files of candles and funding rates, as plain NumPy arrays.

    names      what a file's name says          folder   which series exist, and which to use
    tables     a file as checked columns        path     the prices inside candles, in order
    candles    a file as a series               funding  rates: history, else an estimate
    series     the records, and what is checked builtin  one crash that needs no files

Feeds know nothing of accounts. A price that is not there is NaN and listed as a gap; it is never
filled in. Nothing is imported here, so that importing the package costs nothing.
"""
