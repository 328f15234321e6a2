"""Voice: one folder per provider."""
