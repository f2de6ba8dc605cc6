"""What price histories and positions say of risk before anything happens."""
