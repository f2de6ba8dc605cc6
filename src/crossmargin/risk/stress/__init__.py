"""What becomes of an account when several things go wrong at once."""
