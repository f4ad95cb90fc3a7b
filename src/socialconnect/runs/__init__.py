"""Many accounts, one resource: who is read, how it ended for each, and what was sent."""
