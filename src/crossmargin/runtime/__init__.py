"""What runs the venue: the one writer, and the clock it is given.

    loop    the single writer: queue, decide, journal, answer, publish
    clock   the time as somebody says it, or as it is

Nothing is imported here, so that importing the package costs nothing.
"""
