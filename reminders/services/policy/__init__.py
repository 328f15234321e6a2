"""Policies as files and as versions in force: read, checked, compared, activated, chosen."""
