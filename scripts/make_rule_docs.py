"""Writes docs/rules/ from the docstrings of the lint rules. A test holds that it is current."""

from pathlib import Path

from proofbook.disk import atomic
from proofbook.lint import documentation, registry

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "rules"


def main() -> None:
    """Write one page a rule and the list of all; remove the pages of rules that are gone."""
    rules = registry.rules()
    pages = {"index.md": documentation.index(rules)}
    pages |= {f"{code}.md": documentation.page(rule) for code, rule in rules.items()}
    for name, text in pages.items():
        atomic.write(FOLDER / name, text.encode())
    for path in FOLDER.glob("*.md"):
        if path.name not in pages:
            atomic.remove(path)


if __name__ == "__main__":
    main()
