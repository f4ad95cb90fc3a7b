"""How connections stand: which providers there are, what is wrong with one user's connection, and taking one away."""
