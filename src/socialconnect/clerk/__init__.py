"""Clerk: who the users are, what they connected, and which token each connection has now."""
