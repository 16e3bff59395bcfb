"""PB501: random numbers that are others on every run."""

from collections.abc import Iterator

from proofbook.lint.random_fixes import Seeding
from proofbook.lint.randomness import Draw, randomness
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["unseeded_randomness"]


@rule("PB501", "unseeded-randomness", level="warning", fix="unsafe")
def unseeded_randomness(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds draws from the generators of `random`, `numpy.random` and `torch` that nothing above has seeded, generators
    that are made without a seed (`np.random.default_rng()`), and calls of scikit-learn, of SciPy's `rvs` and of
    pandas' `sample` without `random_state` where NumPy's generator is not seeded either. A generator that the whole
    notebook shares is spoken of once, at the first draw, and what suppresses that speaks for all; all else once a cell.

    It keeps silent below a call of a function whose name speaks of a seed (`set_seed(1)`), and in a notebook that runs
    what cannot be read (`%run`).

    ## Why is this bad?
    Two runs on the same data give two results. The gate cannot tell a change of the code from a throw of the dice, and
    a run that went wrong cannot be repeated.

    ## Example
    ```python
    train, test = train_test_split(flights)
    ```

    Use instead:
    ```python
    train, test = train_test_split(flights, random_state=seed)
    ```

    ## Fix safety
    The fix is unsafe: the results are other ones from then on. It seeds the call, or the generator, with the parameter
    `seed` or `random_state` where the parameters cell has one, else with 0; draws from NumPy's shared generator become
    draws from one that the notebook makes for itself.
    """
    known = randomness(subject.flow)
    fixes = Seeding(known, subject)
    told: set[tuple[int, str]] = set()
    for draw in known.unseeded:
        once = draw.name if draw.keyword else draw.generator
        shared = not draw.keyword and draw.generator != "own"
        place = (0 if shared else draw.flow.cell.number, once)
        # one seed mends them all
        if shared and place in told:
            continue
        yield Violation(
            message=_message(draw),
            advice=_advice(draw),
            cell=draw.flow.cell,
            line=draw.span.line,
            column=draw.span.column,
            once=once,
            fix=fixes.seeded(draw) if draw.keyword or place not in told else None,
        )
        told.add(place)


def _message(draw: Draw) -> str:
    if draw.generator == "own":
        return f"`{draw.short}()` has no seed: it draws other numbers on every run"
    if draw.keyword:
        return f"`{draw.short}()` has no `{draw.keyword}`: it draws other numbers on every run"
    return f"`{draw.short}()` draws other numbers on every run: nothing seeds it"


def _advice(draw: Draw) -> str:
    if draw.generator == "own":
        return "give it a seed, best a parameter of the notebook"
    if draw.keyword:
        return f"pass `{draw.keyword}=`, best a parameter of the notebook"
    if draw.generator == "numpy":
        return "draw from `rng = np.random.default_rng(seed)`, with a seed that is a parameter"
    return "seed it above: `random.seed(seed)`" if draw.generator == "random" else "seed it: `torch.manual_seed(seed)`"
