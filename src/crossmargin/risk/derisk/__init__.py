"""The cheapest way back to a target health."""
