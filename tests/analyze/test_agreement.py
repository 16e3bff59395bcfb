"""The analysis against the truth: programs are run with a namespace that notes what is read before it is bound."""

import builtins
from typing import Any

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from tests.analyze.notebooks import flow

NAMES = list("abcdeghijk")
FUNCTIONS = ["f1", "f2"]


class Builtins(dict[str, Any]):
    """Where Python looks last: names that no one has bound are found here, and noted."""

    def __init__(self) -> None:
        super().__init__(vars(builtins))
        self.read: set[str] = set()

    def __missing__(self, name: str) -> object:
        if name not in NAMES:
            raise KeyError(name)
        self.read.add(name)
        return ()


names = st.sampled_from(NAMES)


def expressions(known: list[str], local: list[str]) -> st.SearchStrategy[str]:
    """Expressions whose value is always a tuple, whatever the names stand for."""
    name = st.sampled_from([*NAMES, *local])
    plain = st.builds("({}, {})".format, name, name)
    shapes = [
        plain,
        st.builds("[{0} for {0} in ({1}, {2})][0] and ()".format, name, name, name),
        st.builds("tuple({0} for {1} in (1, 2) for {2} in ({3},))".format, name, name, name, name),
        st.builds("(() if {} else {},)".format, name, plain),
        st.builds("({} and ({}, 1),)".format, name, name),
        st.builds("(lambda {0}, {1}={2}: ({0}, {1}))({3})".format, st.just("p"), st.just("q"), name, name),
        st.builds("(z := {})".format, plain) if not local else plain,
    ]
    if known:
        shapes.append(st.builds("{}({})".format, st.sampled_from(known), name))
    return st.one_of(shapes)


@st.composite
def blocks(  # noqa: C901  one branch a shape
    draw: st.DrawFn,
    known: tuple[str, ...] = (),
    local: tuple[str, ...] = (),
    targets: tuple[str, ...] = tuple(NAMES),
    depth: int = 0,
) -> list[str]:
    """Lines of statements; functions are called after they are defined, and never call themselves."""
    lines: list[str] = []
    callable_now = list(known)
    for _ in range(draw(st.integers(1, 4 if depth else 6))):
        value = draw(expressions(callable_now, list(local)))
        shape = draw(
            st.sampled_from(
                [
                    *["assign", "add", "read", "del", "def", "def", "class", "if", "for", "try", "with"],
                    *["while", "else", "match", "gone", "closure", "method", "finally", "walrus", "import"],
                ]
            )
        )
        name = draw(st.sampled_from(targets))
        if shape == "assign":
            lines.append(f"{name} = {value}")
        elif shape == "add":
            lines.append(f"{name} = {name} and ()")
            lines.append(f"{name} += {value}")
        elif shape == "del" and not local and depth == 0:
            lines += [f"{name} = {name} and ()", f"del {name}"]
        elif shape == "def" and depth == 0:
            function = draw(st.sampled_from(FUNCTIONS))
            parameter = draw(st.sampled_from([other for other in NAMES if other != name]))
            own = draw(st.sampled_from([("p",), ("p", name), (name,)]))
            earlier = tuple(other for other in callable_now if other < function)
            inner = draw(blocks(known=earlier, local=("p",), targets=own, depth=1))
            head = [f"    global {name}"] if name in own else []
            lines += [f"def {function}({parameter}, p=()):", *head, *_indented(inner), "    return (p,)"]
            callable_now.append(function)
            # a call right behind it, most of the time: else functions are rarely called at all
            lines += [f"{function}({draw(st.sampled_from(NAMES))})"] * draw(st.sampled_from([1, 1, 0]))
        elif shape == "class" and depth == 0:
            lines += ["class K:", f"    {name} = {value}", f"    e = ({name}, [{name} for x in ({name},)])"]
        elif shape in {"if", "for"} and depth < 2:
            head = {"if": f"if {name}:", "for": f"for {name} in ((), (1,)):"}[shape]
            lines += [
                head,
                *_indented(draw(blocks(known=tuple(callable_now), local=local, targets=targets, depth=depth + 1))),
            ]
        elif shape == "try" and depth < 2:
            inner = draw(blocks(known=tuple(callable_now), local=local, targets=targets, depth=depth + 1))
            lines += ["try:", *_indented(inner), "    1 / 0", f"except ZeroDivisionError as {name}:", f"    {value}"]
        elif shape in {"while", "else", "match", "finally", "walrus"} and depth < 2:
            inner = [
                _indented(draw(blocks(known=tuple(callable_now), local=local, targets=targets, depth=2))) for _ in "ab"
            ]
            other = draw(st.sampled_from([*NAMES, *local]))
            lines += compound(shape, inner, name=name, other=other, value=value, local=bool(local))
        elif shape == "gone" and not local:
            lines += [f"{name} = ()", f"if {draw(st.sampled_from(NAMES))}:", f"    del {name}"]
        elif shape == "closure" and depth == 0:
            own = draw(st.sampled_from(["nonlocal p", "global g", "p = ()"]))
            bound = own.split()[-1] if own[0] in "ng" else "p"
            inner = [
                f"def inner(r={name}):",
                f"    {own}",
                f"    {bound} = (r, {name})",
                f"    return ({bound}, [{name} for q in (r,)])",
            ]
            lines += [f"def {FUNCTIONS[0]}(p=()):", *_indented(inner), "    return (inner(), p)"]
            callable_now.append(FUNCTIONS[0])
        elif shape == "method" and depth == 0:
            lines += [
                "class K:",
                f"    {name} = ()",
                f"    def m(self, p={name}):",
                f"        return (self, p, {name})",
                "K().m()",
            ]
        elif shape == "import" and not local:
            lines.append(f"import math as {name}")
        elif shape == "with" and depth < 2:
            lines += [f"with K0() as {name}:", *_indented([f"{value}"])]
        else:
            lines.append(f"{value}")
    return lines


def compound(shape: str, inner: list[list[str]], *, name: str, other: str, value: str, local: bool) -> list[str]:
    """A statement with two suites, which ends."""
    first, second = inner
    if shape == "while":
        return ["while True:", *first, f"    if {other}:", "        break", *second, "    break"]
    if shape == "else":
        return [f"for {name} in ((), (1,)):", f"    if {other}:", "        break", *first, "else:", *second]
    if shape == "match":
        return [
            f"match ({other}, ()):",
            f"    case [{name}, _] if {other}:",
            *_indented(first),
            "    case _:",
            *_indented(second),
        ]
    if shape == "finally":
        return [
            "try:",
            *first,
            "except ZeroDivisionError:",
            "    pass",
            "else:",
            *second,
            "finally:",
            f"    {name} = {value}",
        ]
    return [f"if {value if local else f'(z := {value})'} and {other}:", *first, f"elif {name}:", *second]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines or ["pass"]]


class K0:
    """A context that gives a tuple."""

    def __enter__(self) -> tuple[()]:
        return ()

    def __exit__(self, *error: object) -> None:
        return None


@given(lines=blocks())
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_what_is_said_of_a_program_agrees_with_running_it(lines: list[str]) -> None:
    """All real reads are foreseen, all unconditional ones are real; the same of the names that are left behind."""
    program = "\n".join(lines)
    outside = Builtins()
    namespace: dict[str, Any] = {"K0": K0, "__builtins__": outside}
    try:
        exec(compile(program, "<program>", "exec"), namespace)
    except NameError as error:
        # a local of a function or comprehension, read before it has a value: that says nothing of the notebook's names
        if not isinstance(error, UnboundLocalError) and "free variable" not in str(error):
            raise
        reject()
    said = flow(program)
    now = [use for use in said.uses if not use.deferred and use.name in NAMES]

    assert outside.read <= {use.name for use in now}, program
    assert {use.name for use in now if not (use.possible or use.conditional)} <= outside.read, program

    left = {name for name in namespace if name in {*NAMES, *FUNCTIONS, "K", "z"}}
    assert left <= set(said.defines), program
    assert {name for name, found in said.defines.items() if not found.conditional} <= left, program
    assert not set(said.deletes) & left, program
