"""PB701: nothing for the gate to compare."""

from collections.abc import Iterator

from proofbook.lint.records import recorded
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["nothing_recorded"]


@rule("PB701", "nothing-recorded", level="warning")
def nothing_recorded(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a task of the pipeline that records nothing, neither with `proofbook.record` nor with `scrapbook.glue`. What
    is no task, or has no parameters cell, is left alone.

    ## Why is this bad?
    The gate compares what was recorded. Of this task it sees only whether it ran: half the rows may be missing, and
    the build is as green as yesterday.

    ## Example
    ```python
    flights = read_flights(as_of)
    flights.to_parquet(product["data"])
    ```

    Use instead:
    ```python
    from proofbook import record

    flights = read_flights(as_of)
    record("rows", len(flights), better="higher", margin=1000)
    flights.to_parquet(product["data"])
    ```

    ## Fix safety
    There is no fix: only the author knows what counts.
    """
    task = subject.project is not None and subject.project.task
    if (
        not task
        or subject.parameters is None
        or any(recorded(flow) or flow.wild or flow.problem for flow in subject.flow)
    ):
        return
    yield Violation(
        message="nothing is recorded: the gate has no value of this notebook to compare",
        advice='record what counts: `from proofbook import record`, then `record("rows", len(df))`',
    )
