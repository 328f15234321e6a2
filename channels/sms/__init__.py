"""SMS: one folder per protocol."""
