"""The steps that lead an older database to the schema of today, run by Alembic."""
