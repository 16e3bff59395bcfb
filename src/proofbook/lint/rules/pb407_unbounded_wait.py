"""PB407: waiting without an end."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Called
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.syntax import ancestors, in_function

__all__ = ["unbounded_wait"]

_LONG = 60
"""Seconds of sleep that are long."""
_ENDLESS_ITERATORS = {"itertools.count", "itertools.cycle"}
_FOREVER = {"serve_forever", "run_forever"}
_ENDS = (ast.Return, ast.Raise, ast.Yield, ast.YieldFrom)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.While, ast.For, ast.AsyncFor)


@rule("PB407", "unbounded-wait", level="warning")
def unbounded_wait(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds `while True` and `for ... in itertools.count()` without a way out (`break`, `raise`, an exit, or an exception
    that is caught around the loop), a sleep of a minute or more, `serve_forever()`, `run_forever()` and
    `signal.pause()`. What stands in a function is left alone: it may be meant for a thread.

    ## Why is this bad?
    Somebody at the keyboard interrupts the kernel. A run at night waits until its time is up, holds its place in the
    queue, and fails without having said why.

    ## Example
    ```python
    while True:
        if export_is_there():
            print("there it is")
        time.sleep(5)
    ```

    Use instead:
    ```python
    for _ in range(60):
        if export_is_there():
            break
        time.sleep(5)
    else:
        raise TimeoutError("no export within five minutes")
    ```

    ## Fix safety
    There is no fix: how long is long enough, only the author knows.
    """
    for flow in subject.flow:
        endless = {id(call.node) for call in flow.calls if call.name in _ENDLESS_ITERATORS}
        loops: list[ast.While | ast.For] = [*flow.nodes(ast.While), *flow.nodes(ast.For)]
        for loop in loops:
            if _never_stops(loop, endless) and not in_function(flow, loop) and not _may_leave(flow, loop):
                span = flow.place(loop)
                yield Violation(
                    message="this loop has no end: nothing breaks out of it",
                    advice="count the turns, break when it is done, and raise TimeoutError when they are used up",
                    cell=flow.cell,
                    line=span.line,
                    column=span.column,
                )
        for call in flow.calls:
            seconds = _seconds(call)
            if seconds is not None and not call.deferred:
                yield Violation(
                    message=f"sleeps for {seconds:g} s, however soon what it waits for is there",
                    advice="ask in short steps for what is awaited, and raise TimeoutError after a limit",
                    cell=flow.cell,
                    line=call.span.line,
                    column=call.span.column,
                )
        yield from _servers(flow)


def _never_stops(loop: ast.While | ast.For, endless: set[int]) -> bool:
    if isinstance(loop, ast.While):
        return isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    return id(loop.iter) in endless


def _may_leave(flow: CellFlow, loop: ast.While | ast.For) -> bool:
    """Whether something in the loop ends it, or may raise what is caught outside."""
    for around in ancestors(flow, loop):
        if isinstance(around, ast.Try) and any(not _is_interrupt(handler.type) for handler in around.handlers):
            return True
        if isinstance(around, ast.With | ast.AsyncWith):
            return True
    exits = {(found.line, found.column) for found in flow.exits}
    waiting: list[tuple[ast.AST, bool]] = [(child, False) for child in loop.body]
    while waiting:
        node, inner = waiting.pop()
        if isinstance(node, _SCOPES):
            continue
        if isinstance(node, _ENDS) or (isinstance(node, ast.Break) and not inner):
            return True
        if isinstance(node, ast.Call) and (flow.place(node).line, flow.place(node).column) in exits:
            return True
        # a `break` in the `else` of an inner loop is the outer one's
        own = node.orelse if isinstance(node, _LOOPS) else []
        loops = inner or isinstance(node, _LOOPS)
        waiting += [(child, inner if child in own else loops) for child in ast.iter_child_nodes(node)]
    return False


def _is_interrupt(caught: ast.expr | None) -> bool:
    return isinstance(caught, ast.Name) and caught.id == "KeyboardInterrupt"


def _seconds(call: Called) -> float | None:
    """How long a sleep takes, where that is written there and long."""
    if call.name not in {"time.sleep", "asyncio.sleep"} or len(call.node.args) != 1:
        return None
    argument = call.node.args[0]
    seconds = _number(argument)
    return seconds if seconds is not None and seconds >= _LONG else None


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = _number(node.left), _number(node.right)
        return left * right if left is not None and right is not None else None
    return None


def _servers(flow: CellFlow) -> Iterator[Violation]:
    paused = {id(call.node) for call in flow.calls if call.name == "signal.pause"}
    for node in flow.nodes(ast.Call):
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        waits = (method in _FOREVER and not node.args and not node.keywords) or id(node) in paused
        if waits and not in_function(flow, node):
            span = flow.place(node)
            yield Violation(
                message=f"`{method or 'pause'}()` never comes back",
                advice="start it in a process of its own, or leave it out of the notebook",
                cell=flow.cell,
                line=span.line,
                column=span.column,
            )
