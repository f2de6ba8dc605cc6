"""How far everything can move together."""
