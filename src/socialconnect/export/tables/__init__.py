"""Rows as tables of a database: SQLite, DuckDB, PostgreSQL, or any other that SQLAlchemy reaches."""
