"""What a policy says, for a person."""

from proofbook.flow.policy import Tests
from proofbook.model.policy import Ruling
from proofbook.terminal.say import line
from proofbook.terminal.tables import Cell, local, table

__all__ = ["print_ruling", "print_tests"]


def print_tests(found: Tests) -> None:
    """Print every test, what was expected and what came, and of those that do not hold the outcomes."""
    rows: list[list[Cell]] = []
    for test in found.tests:
        word = ("holds", "green") if test.good else ("FAILS", "bold red")
        rows.append([word, test.at, test.expect, test.got, ", ".join(test.refused_by), test.name])
    if rows:
        table(["", "at", "expected", "came", "refused by", "test"], rows, whole=True)
    for test in found.tests:
        if not test.good:
            line()
            line(f"{test.name}:")
            for outcome in test.outcomes:
                line(f"  {outcome.line()}" if not outcome.passes else f"  policy rule {outcome.rule} lets it pass")
    failed = sum(not test.good for test in found.tests)
    line()
    line(
        f"{found.policy}: {found.rules} rules, {len(found.tests)} tests, {failed} failed", fg="red" if failed else None
    )
    if found.untested:
        line(f"no test sees these refuse: {', '.join(found.untested)}", fg="yellow")


def print_ruling(ruling: Ruling | None, *, at: str) -> None:
    """Print every rule, its expression, what it looked at, and what came out."""
    if ruling is None:
        line(f"the policy has no rule for {at}: it lets every run pass")
        return
    for outcome in ruling.outcomes:
        word, colour = ("passes", "green") if outcome.passes else ("REFUSES", "red")
        again = " (of seal)" if outcome.at != ruling.transition else ""
        line(f"{word}  {outcome.rule}{again}: {outcome.because}", fg=colour)
        line(f"    requires  {' '.join(outcome.require.split())}")
        if outcome.error:
            line(f"    but       {outcome.error}")
        for look in outcome.looks:
            line(f"    where     {look.part} is {look.value}")
        if not outcome.passes and outcome.remedy:
            line(f"    do        {outcome.remedy}")
        if not outcome.passes and outcome.overridable:
            line("    override  --override --reason TEXT passes it")
    line()
    refused = len(ruling.refused)
    verdict = f"{refused} of {len(ruling.outcomes)} rules refuse" if refused else "every rule lets it pass"
    line(f"run {ruling.run} at {ruling.transition}, {ruling.channel}, {local(ruling.at)}: {verdict}", bold=True)
