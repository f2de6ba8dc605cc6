"""What could happen to an account: questions asked of the margin core, never answered beside it."""
