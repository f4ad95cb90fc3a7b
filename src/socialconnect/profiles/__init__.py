"""One profile across all providers."""
