import sqlite3
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from proofbook.store import Store, schema


def test_the_migrations_lead_to_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    Store.open(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path}/.proofbook/proofbook.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    engine.dispose()


def test_the_list_of_revisions_is_that_of_the_migrations() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    configuration.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(configuration)
    assert tuple(step.revision for step in reversed(list(script.walk_revisions()))) == schema.REVISIONS


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    """Not even where the newest row was deleted by hand."""
    store = Store.open(tmp_path)
    first = store.reserve("pipeline.yaml")
    store.close()
    connection = sqlite3.connect(tmp_path / ".proofbook" / "proofbook.db")
    connection.execute("DELETE FROM runs")
    connection.commit()
    connection.close()
    assert store.reserve("pipeline.yaml") > first
    store.close()


def test_sqlite_keeps_the_journal_that_is_safe_on_these_versions(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with store._database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 3, "EXTRA"
        assert connection.exec_driver_sql("PRAGMA mmap_size").scalar() in {None, 0}
