"""The page of a rule, made from the docstring that stands in its file."""

from collections.abc import Mapping

from proofbook.lint.rule import Rule

__all__ = ["HEADINGS", "index", "page"]

HEADINGS = ("## What it does", "## Why is this bad?", "## Example", "Use instead:", "## Fix safety")
"""What every rule's docstring holds, in this order."""

_SUPPRESS = """\
- At the end of the line, or on a line of its own above it: `# proofbook: ignore[CODE] reason`
- For the whole notebook, in any code cell: `# proofbook: ignore-file[CODE] reason`
- For a cell of any kind: the tag `proofbook:ignore:CODE`, and in the cell's metadata
  `{"proofbook": {"ignore": {"CODE": "reason"}}}`

Without a reason nothing is suppressed."""

_INDEX = """\
# Lint rules

`proofbook lint [PATHS]` says what stands between notebooks and production, and so does every build before anything
runs. An error ends in exit code 3; a warning is shown, and the build goes ahead.

Which rules run is said in `[tool.proofbook.lint]` by `select` and `ignore` (codes or prefixes), or by the options of
the same names. `commit_outputs = true` says that outputs are meant to be committed: PB101, PB103, PB104 and PB105
are then errors, else warnings, and PB102 speaks only then. A notebook that is stripped of its outputs is never at
fault.

`proofbook lint --fix` mends what has a safe fix, `--fix --unsafe-fixes` the rest too; where a fix is not sure there is
none. `--diff` shows what they would change.

A finding is suppressed with its code and a reason, as each page shows; without a reason it stays.
"""


def page(rule: Rule) -> str:
    """The Markdown page of one rule."""
    return "\n".join(
        [
            f"# {rule.code} {rule.name}",
            "",
            f"{_level(rule)}. {rule.status.capitalize()} since {rule.since}. {_language(rule)}{_fix(rule)}",
            "",
            rule.documentation,
            "",
            "## How to suppress it",
            _SUPPRESS.replace("CODE", rule.code),
            "",
        ]
    )


def index(rules: Mapping[str, Rule]) -> str:
    """The Markdown page that lists all rules."""
    rows = [
        f"| [{code}]({code}.md) | {rule.name} | {_level(rule)} | {rule.fix or ''} | {rule.status} |"
        for code, rule in rules.items()
    ]
    return "\n".join([_INDEX, "| Code | Name | Level | Fix | Status |", "|---|---|---|---|---|", *rows, ""])


def _level(rule: Rule) -> str:
    return rule.level.capitalize() if rule.default else "Off unless selected"


def _language(rule: Rule) -> str:
    return "Needs Python." if rule.python else "Any language."


def _fix(rule: Rule) -> str:
    if rule.fix is None:
        return ""
    option = "--fix" if rule.fix == "safe" else "--fix --unsafe-fixes"
    return f" Mended by `proofbook lint {option}`, where that is sure."
