"""How far a long call is: counted where the work is done, shown where somebody looks."""
