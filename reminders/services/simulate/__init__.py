"""Plays a policy over history in virtual time: the domain's own functions, no servers."""
