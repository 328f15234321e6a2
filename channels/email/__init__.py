"""E-mail: one folder per protocol."""
