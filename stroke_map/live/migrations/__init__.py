"""How the database of live state came to be, step by step; alembic runs what a database still lacks."""
