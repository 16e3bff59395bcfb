"""Whether an object is surely changed in place: the ground that the rules on shared objects stand on."""

import ast

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Mutation

__all__ = ["surely_changes"]

# `p.add(...)` and `p.sort()` of plots, tables and queries give back a new object
_TWO_MEANINGS = {
    f".{name}()" for name in ("add", "fill", "partition", "put", "resize", "reverse", "sort", "subtract", "update")
}
_LITERALS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_BUILDERS = {"list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque", "sorted"}


def surely_changes(mutation: Mutation, maker: CellFlow) -> bool:
    """
    Whether `mutation` changes the object for sure: the analysis goes by the method's name, and some mean two things.

    What is made to be changed is no concern: an estimator is fitted, axes are drawn on. Nor is what only may change its
    object: that is in `CellFlow.maybe_mutates`, which is not asked.

    Args:
        mutation: What a cell does through a name.
        maker: The cell that binds the name.
    """
    if mutation.how == "augmented" or mutation.expected or (mutation.via is not None and mutation.conditional):
        return False
    return mutation.kind is not None or mutation.text not in _TWO_MEANINGS or _is_container(mutation.name, maker)


def _is_container(name: str, maker: CellFlow) -> bool:
    """Whether `maker` plainly binds `name` to a list, dict or set."""
    for node in ast.walk(maker.tree) if maker.tree is not None else ():
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            called = node.value.func if isinstance(node.value, ast.Call) else None
            built = isinstance(called, ast.Name | ast.Attribute) and ast.unparse(called).split(".")[-1] in _BUILDERS
            return isinstance(node.value, _LITERALS) or built
    return False
