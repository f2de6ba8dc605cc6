"""Our own API under `/api/v1`: resources in, resources out, one shape of errors.

Numbers are decimal strings both ways. What changes something is a POST whose body has a
`client_id`; the same id with the same body has the same answer, and one effect.
"""
