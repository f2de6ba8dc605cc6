"""Seeds that broke a law once, each with what it found; all of it is mended and has a test by hand.

(seed, steps): a change of the swarm makes another world of a seed, and then these are seeds like
others.
"""

FOUND = ()
