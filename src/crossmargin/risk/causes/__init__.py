"""What ate the buffer, and what each position does to it."""
