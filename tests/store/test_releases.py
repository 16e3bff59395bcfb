from pathlib import Path

import pytest

from proofbook.store import Store

from . import making, releases


@pytest.mark.parametrize("schema", releases.ALL)
def test_a_store_of_every_released_schema_opens_whole_and_goes_on(tmp_path: Path, schema: str) -> None:
    releases.unpack(schema, tmp_path)
    with Store.open(tmp_path) as store:
        assert store.verify() == ()
        assert [run.number for run in store.runs()] == [2, 1]
        assert store.number("production") == 1
        assert store.run(1).records[0].value == 0.8
        gate = store.gate(1)
        assert gate is not None
        assert gate.decision == "review"
        assert [point.value for point in store.record_history("auc")] == [0.7, 0.8]
        assert store.replays(store.manifest(1), "noise") == ()
        assert making.build(store, tmp_path, value=0.6) == 3
        assert store.verify() == ()
