"""A notebook that is run to mend it."""

import json
from pathlib import Path
from typing import Any

import pytest

from proofbook.analyze import source, stamps
from proofbook.flow.rerun import rerun
from proofbook.model.configuration import Configuration, LintConfiguration
from tests.lint.factory import code, content

COMMITTED = Configuration(lint=LintConfiguration(commit_outputs=True))


def cells(raw: bytes, *, place: Path, configuration: Configuration) -> list[dict[str, Any]]:
    ran = rerun(raw, source.parse(raw, path="a.ipynb"), place=place, configuration=configuration)
    assert not ran.failure
    return list(json.loads(ran.content)["cells"])


def test_where_outputs_are_committed_a_run_notes_what_they_were_made_of(tmp_path: Path) -> None:
    first, second = cells(
        content("1 + 2", code("x = 1", proofbook={"ran": {}, "ignore": {}})), place=tmp_path, configuration=COMMITTED
    )
    edited = json.dumps({**json.loads(content("1 + 3")), "cells": [{**first, "source": "1 + 3"}]}).encode()

    assert not stamps.is_stale(source.parse(content(first), path="a.ipynb").cells[0])
    assert stamps.is_stale(source.parse(edited, path="a.ipynb").cells[0])
    # a cell that shows nothing has nothing that could grow stale
    assert second["metadata"]["proofbook"] == {"ignore": {}}


@pytest.mark.parametrize("metadata", [{}, {"proofbook": []}, {"proofbook": {"ignore": {}}}])
def test_else_metadata_stay_as_they_are(tmp_path: Path, metadata: dict[str, Any]) -> None:
    (cell,) = cells(content(code("1 + 2", **metadata)), place=tmp_path, configuration=Configuration())

    assert cell["metadata"] == {"tags": [], **metadata}
    assert cell["execution_count"] == 1
