"""What older versions sealed can still be read."""

import msgspec

from proofbook.model.run import Run, canonical

SEALED = b"""
{"code":{"branch":null,"commit":null,"dirty":false,"patch":null},"data":{},"ending":"failed",
"environment":{"cpus":2,"lock":null,"packages":{},"python":"3.11.7","system":"Linux"},"findings":0,
"finished":"2026-11-01T06:00:02.000Z","format":1,"log":null,"number":1,"parameters":{},"pipeline":"pipeline.yaml",
"scope":"full","seconds":2.0,"started":"2026-11-01T06:00:00.000Z","tasks":[{"cells":[],"cpu_seconds":0.5,
"failure":{"cell":1,"cell_id":"a","kind":"exception","message":"ValueError: no","traceback":""},"inputs":{},"key":"k",
"made_by":1,"modules":{},"name":"train","notebook":null,"params":{},"peak_memory":1000,"products":{},"reason":"no",
"records":[],"seconds":1.0,"source":"train.ipynb","started":"","status":"failed","upstream":[]}]}
"""


def test_a_run_that_was_sealed_before_attempts_were_kept_can_be_read() -> None:
    run = msgspec.json.decode(SEALED, type=Run)

    (task,) = run.tasks
    assert (task.attempts, task.kernel, task.imports, task.postmortem, task.memory_limit) == ((), "", {}, None, None)
    assert task.failure is not None
    assert task.failure.message == "ValueError: no"
    assert msgspec.json.decode(canonical(run), type=Run) == run
