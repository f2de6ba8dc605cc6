"""What the venue remembers: a journal of commands with their events, chained by hashes.

    entry       one record: bytes, hashes, what a command's content is
    journal     the protocol of a journal, its header, what every journal checks
    sql         a journal in any database; schema: its tables and how old ones get there
    sqlite      in one SQLite file; sqlite_file: how that is opened, locked and made
    postgres    in a PostgreSQL database
    places      a store by its place: a path or an address
    canonical   a state as bytes that are the same on every platform, and back
    state_hash  the hash of a state, brought up to date by what has changed
    snapshot    the state after one record, to start from
    recovery    a state from a snapshot and the records after it
    verify      whether a store is what was written, and would be decided so again

A store knows no prices and no clock. What it cannot promise: repair of damaged media, and
protection from somebody who may rewrite the whole file.
"""
