"""Every byte that leaves: where it may go, when it may go, and the one file that imports the HTTP library."""
