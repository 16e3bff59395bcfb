"""PB502: NumPy's shared generator."""

from collections.abc import Iterator

from proofbook.lint.random_fixes import own_generator
from proofbook.lint.randomness import LEGACY, randomness
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["legacy_global_rng"]


@rule("PB502", "legacy-global-rng", level="warning", fix="unsafe")
def legacy_global_rng(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds draws from NumPy's shared generator (`np.random.rand`, `np.random.normal` ...) that is seeded by
    `np.random.seed`. Reported once, at the first. Draws that nothing seeds belong to PB501; `np.random.seed` alone,
    as a seed for libraries that draw from the shared generator, is left in peace.

    ## Why is this bad?
    There is one generator for everybody. A library that draws one number more after an update, or a cell that is run
    twice, shifts every number that follows, and results change that nobody touched.

    ## Example
    ```python
    np.random.seed(seed)
    noise = np.random.normal(size=100)
    ```

    Use instead:
    ```python
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=100)
    ```

    ## Fix safety
    The fix is unsafe: the new generator draws other numbers from the same seed. It mends the whole notebook at once.

    ## References
    - [NumPy: legacy random generation](https://numpy.org/doc/stable/reference/random/legacy.html)
    """
    known = randomness(subject.flow)
    unseeded = {id(draw.node) for draw in known.unseeded}
    legacy = [draw for draw in known.draws if draw.name in _NAMES and id(draw.node) not in unseeded]
    if not legacy:
        return
    first, more = legacy[0], len(legacy) - 1
    others = (
        f", as {more} more call{'s' if more > 1 else ''} of this notebook do{'' if more > 1 else 'es'}" if more else ""
    )
    yield Violation(
        message=f"`{first.short}()` draws from the generator that every library shares{others}",
        advice="make one generator, `rng = np.random.default_rng(seed)`, and draw from it",
        cell=first.flow.cell,
        line=first.span.line,
        column=first.span.column,
        fix=own_generator(known, subject) if not unseeded else None,
    )


_NAMES = {f"numpy.random.{name}" for name in LEGACY}
