"""What the venue remembers: a journal of commands with their events, chained by hashes.

    entry      one record: bytes, hashes, what a command's content is
    journal    the protocol of a journal, its header, what every journal checks
    sqlite     the journal in one SQLite file; sqlite_file: how that is opened and locked
    recovery   a state folded from a journal
    canonical  a state as bytes that are the same on every platform
    verify     whether a store is what was written, and would be decided so again

A store knows no prices and no clock. What it cannot promise: repair of damaged media, and
protection from somebody who may rewrite the whole file.
"""
