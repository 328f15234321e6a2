"""The demo: a portfolio of bills and lives, and an auditor that trusts nothing but the logs."""
