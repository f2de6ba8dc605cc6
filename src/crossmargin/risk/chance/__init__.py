"""How likely liquidation is within a horizon, and what the margin mode changes."""
