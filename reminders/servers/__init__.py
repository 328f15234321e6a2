"""Redis and PostgreSQL where none is given, and the supervisor of every process of the system."""
