"""What only a notebook has: widgets, its display, and its own event loop. Loaded where one is there, or asked for."""
