"""From runs to tables, files and databases that stay: what is read, where it goes, and how far it came."""
