"""Small notebooks made by chance, and what becomes of them when they run: no kernel is needed to find a missing name."""

import random
from typing import Any

NAMES, FUNCTIONS, CLASSES = "abcde", "fgh", "AB"
FIRST = "from contextlib import suppress\nFLAG = {flag}\ndef keep(function):\n    return None"


class Writer:
    """Writes statements; mostly of names that it has used before."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.bound: list[str] = []
        self.functions: list[str] = []
        self.classes: list[str] = []

    def name(self) -> str:
        return self.chance.choice(self.bound if self.bound and self.chance.random() < 0.95 else NAMES)

    def condition(self) -> str:
        return self.chance.choice(["True", "FLAG", "not FLAG", "len('ab') > 1", f"'{self.name()}' in globals()"])

    def expression(self) -> str:
        return self.chance.choice(
            [
                self.name(),
                self.name(),
                str(self.chance.randrange(4)),
                f"{self.name()} + {self.name()}",
                f"sum([x + {self.name()} for x in range(2)])",
                f"len(f'{{{self.name()}}}')",
                f"({self.name()} if {self.condition()} else {self.name()})",
                f"sorted([2, 1], key=lambda x: {self.name()})[0]",
            ]
        )

    def block(self, depth: int, *, inside: bool = False) -> list[str]:
        return [line for _ in range(self.chance.randrange(1, 3)) for line in self.statement(depth, inside=inside)]

    def statement(self, depth: int, *, inside: bool) -> list[str]:
        kinds = ["assign"] * 6 + ["read"] * 3 + ["call"] * 4 * bool(self.functions)
        kinds += ["return"] if inside else ["again", "delete"]
        kinds += ["if", "if", "loop", "loop", "try", "suppress"] if depth < 2 else []
        kinds += ["function"] * 4 + ["class"] if depth == 0 and not inside else []
        kind = self.chance.choice(kinds)
        made: list[str] = getattr(self, f"_{kind}")(depth, inside)
        return made

    def _assign(self, *_: Any) -> list[str]:
        name, value = self.chance.choice(NAMES), self.expression()
        self.bound.append(name)
        return [f"{name} = {value}"]

    def _read(self, *_: Any) -> list[str]:
        return [self.expression()]

    def _again(self, *_: Any) -> list[str]:
        return [f"{self.name()} += 1"]

    def _delete(self, *_: Any) -> list[str]:
        name = self.name()
        self.bound = [known for known in self.bound if known != name]
        return [f"del {name}"]

    def _call(self, *_: Any) -> list[str]:
        function = self.chance.choice(self.functions)
        made = [f"{function}()"] * 3 + [f"list(map({function}, [1]))", f"keep({function})"]
        made += [f"{self.chance.choice(self.classes)}().m()"] if self.classes else []
        return [self.chance.choice(made)]

    def _return(self, *_: Any) -> list[str]:
        return ["return 1"] if self.chance.random() < 0.5 else [f"if {self.condition()}:", "    return 1"]

    def _if(self, depth: int, inside: bool) -> list[str]:
        made = [f"if {self.condition()}:", *_indented(self.block(depth + 1, inside=inside))]
        return made + (
            ["else:", *_indented(self.block(depth + 1, inside=inside))] if self.chance.random() < 0.5 else []
        )

    def _loop(self, depth: int, inside: bool) -> list[str]:
        body = self.block(depth + 1, inside=inside)
        if self.chance.random() < 0.3:
            return ["while True:", *_indented([*body, "break"])]
        return [f"for {self.chance.choice(['i', self.name()])} in range(2):", *_indented(body)]

    def _try(self, depth: int, inside: bool) -> list[str]:
        error = self.chance.choice(["NameError", "ValueError", "Exception"])
        body, handler = self.block(depth + 1, inside=inside), self.block(depth + 1, inside=inside)
        return ["try:", *_indented(body), f"except {error}:", *_indented(handler)]

    def _suppress(self, depth: int, inside: bool) -> list[str]:
        error = self.chance.choice(["NameError", "ValueError"])
        return [f"with suppress({error}):", *_indented(self.block(depth + 1, inside=inside))]

    def _function(self, *_: Any) -> list[str]:
        function, body = self.chance.choice(FUNCTIONS), self.block(1, inside=True)
        if self.chance.random() < 0.3:
            name = self.chance.choice(NAMES)
            body = [f"global {name}", f"{name} = 1", *body]
        self.functions.append(function)
        return [f"def {function}(*given):", *_indented(body)]

    def _class(self, *_: Any) -> list[str]:
        name, body = self.chance.choice(CLASSES), self.block(1, inside=True)
        self.classes.append(name)
        return [f"class {name}:", *_indented(["def m(self):", *_indented(body)])]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def program(seed: int) -> list[str]:
    """The cells of one notebook; the same for the same seed."""
    chance = random.Random(seed)
    writer = Writer(chance)
    cells = ["\n".join(writer.block(0) + writer.block(0)) for _ in range(chance.randrange(2, 7))]
    return [FIRST.format(flag=chance.choice(["True", "False"])), *cells]


def ran(cells: list[str]) -> tuple[int | None, str]:
    """The number of the cell that fails, None where all end well; and by which exception."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells, start=1):
        try:
            exec(compile(cell, "<cell>", "exec"), namespace)
        except Exception as error:  # noqa: BLE001 - which one it is, is what is asked for
            return number, type(error).__name__
    return None, ""
