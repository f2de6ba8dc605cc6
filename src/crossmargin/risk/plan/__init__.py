"""A trade before it is made: how large it may be, and the account after it."""
