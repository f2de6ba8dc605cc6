"""How likely liquidation is within a horizon."""
