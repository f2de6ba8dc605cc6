"""What has happened at the venue, for those who ask later.

Made of the published records alone, so the same memory can be made again from the journal's end.
It changes nothing and decides nothing, and knows no HTTP: dialects put its records in their words.
"""
