"""Suppressions."""

from tests.lint.factory import Case, code, markdown

CASES = {
    "PB001": [
        Case(
            "a comment without a reason",
            ["import os\nos.chdir('x')  # proofbook: ignore[PB403]"],
            ["1:2:16 warning suppression of PB403 without a reason: it suppresses nothing"],
        ),
        Case(
            "punctuation is no reason",
            ["x = 1  # proofbook: ignore[PB403]: --"],
            ["1:1:8 warning suppression of PB403 without a reason: it suppresses nothing"],
        ),
        Case(
            "two codes, one lack",
            ["x = 1  # proofbook: ignore[PB403, PB404]"],
            [
                "1:1:8 warning suppression of PB403 without a reason: it suppresses nothing",
                "1:1:8 warning suppression of PB404 without a reason: it suppresses nothing",
            ],
        ),
        Case(
            "a tag without a reason",
            [markdown("# Title", "proofbook:ignore:PB701")],
            ["1:0:0 warning suppression of PB701 without a reason: it suppresses nothing"],
        ),
        Case("a comment with a reason", ["x = 1  # proofbook: ignore[PB403] the image mounts it there"]),
        Case("a reason behind a colon", ["x = 1  # proofbook: ignore[PB403]: the image mounts it there"]),
        Case("text that is no comment", ['x = "# proofbook: ignore[PB403]"']),
        Case("text in a docstring", ['"""\nWrite\n# proofbook: ignore[PB403]\n"""']),
        Case(
            "a tag with a reason",
            [code("x = 1", "proofbook:ignore:PB403", proofbook={"ignore": {"PB403": "as agreed"}})],
        ),
    ],
    "PB002": [
        Case(
            "a misspelt code",
            ["x = 1  # proofbook: ignore[PB430] the image mounts it there"],
            ["1:1:8 warning suppression of 'PB430', which is no rule: it suppresses nothing"],
        ),
        Case(
            "no code at all",
            ["x = 1  # proofbook: ignore the image mounts it there"],
            ["1:1:8 warning suppression that names no rule: it suppresses nothing"],
        ),
        Case(
            "a rule's name in place of its code",
            ["x = 1  # proofbook: ignore[changes-directory] the image mounts it there"],
            ["1:1:8 warning suppression of 'changes-directory', which is no rule: it suppresses nothing"],
        ),
        Case(
            "a tag with a misspelt code",
            [code("x = 1", "proofbook:ignore:PB4O3")],
            ["1:0:0 warning suppression of 'PB4O3', which is no rule: it suppresses nothing"],
        ),
        Case(
            "metadata of the notebook",
            ["x = 1"],
            ["0:0:0 warning suppression of 'PB999', which is no rule: it suppresses nothing"],
            metadata={"proofbook": {"ignore": {"PB999": "because"}}},
        ),
        Case("a known code", ["x = 1  # proofbook: ignore[PB403] the image mounts it there"]),
        Case("another comment of ours", ["x = 1  # proofbook: ignored by the parser"]),
        Case("hostile metadata", [code("x = 1", proofbook={"ignore": ["PB403"]})], metadata={"proofbook": 7}),
    ],
}
