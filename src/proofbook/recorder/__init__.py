"""
What a notebook imports: `from proofbook import record`.

`record("auc", auc, better="higher", margin=0.005)` declares that a value counts, shows it, and stores it in the
notebook's output in scrapbook's format. Nothing heavy is imported here: a kernel that only records pays for nothing
else.
"""

from collections.abc import Sequence
from typing import Any, Literal

from proofbook.recorder.declaration import Declaration, declare
from proofbook.recorder.display import publish
from proofbook.recorder.encoding import Encoded, encode
from proofbook.recorder.profiles import Profile, profile

__all__ = ["Profile", "profile", "record"]


def record(
    name: str,
    value: Any,
    *,
    better: Literal["higher", "lower"] | None = None,
    margin: float | None = None,
    floor: float | None = None,
    ceiling: float | None = None,
    exact: bool = False,
    tolerance: float | None = None,
    noise: float | None = None,
    superiority: bool = False,
    key: str | Sequence[str] | None = None,
    truth: str | None = None,
    prediction: str | None = None,
    slices: str | Sequence[str] | None = None,
    metric: Literal["auc", "accuracy", "brier", "log loss", "mae", "rmse"] | None = None,
    probe: Any = None,
    eval_set: Any = None,
    informs: bool = False,
    **unknown: Any,
) -> None:
    """
    Record `value` under `name`, and say how it is to be judged against production.

    Outside a Jupyter kernel the arguments are checked and nothing else happens.

    Args:
        name: One name, one value: unique within the pipeline's task.
        value: A number, text, None, date, anything JSON can say, a NumPy array, a pandas or Polars table or series,
            a matplotlib, Plotly or Altair figure, `profile(df)`, a fitted model together with `probe`, or a
            `pathlib.Path` of a file (a model, say), which is kept by reference: path, size, SHA-256.
        better: Which direction is good.
        margin: How much worse than production is still good enough, in the value's own unit; needs `better`.
        floor: Never below this, whatever production was.
        ceiling: Never above this, whatever production was.
        exact: Any difference is a regression.
        tolerance: Largest relative difference of numbers that counts as equal.
        noise: Standard deviation of a number from run to run where nothing has changed; 0: there is none. Left out,
            the gate learns it from the runs.
        superiority: Not being worse is not enough: the candidate must be better, beyond noise and margin.
        key: Column, or columns, that identify a row of a table.
        truth: The value is a table of predictions: this column holds what came true.
        prediction: This column holds what was predicted: a number, a class, or the probability that `truth` is true.
        slices: Columns within whose values predictions are compared as well.
        metric: How predictions are scored, which also says which way is better. By default `auc` where the truth has
            two values, else `mae`.
        probe: A table or an array that a fitted model predicts, here and now: models are compared by what they do.
        eval_set: What the value was measured on: a table, a `pathlib.Path`, or text that names a version. Kept as
            SHA-256 of its content; values measured on different data are not compared.
        informs: Show it and compare it, but never stop a release because of it.
        unknown: Anything else is refused, with the option that was probably meant.

    Raises:
        TypeError: The value cannot be recorded, or an option does not fit it; the message says what to do.
        ValueError: An option has a value that cannot be meant.
    """
    options = {
        "better": better,
        "margin": margin,
        "floor": floor,
        "ceiling": ceiling,
        "exact": exact,
        "tolerance": tolerance,
        "noise": noise,
        "superiority": superiority,
        "key": key,
        "truth": truth,
        "prediction": prediction,
        "slices": slices,
        "metric": metric,
        "probe": probe,
        "eval_set": eval_set,
        "informs": informs,
    }
    rule = declare(name, options, unknown)
    encoded = _encoded(rule, value, probe)
    rule.fit(encoded)
    measured_on = None
    if eval_set is not None:
        from proofbook.recorder.content import of_evaluation_set

        measured_on = of_evaluation_set(name, eval_set)
    publish(name, encoded, rule.declared, eval_set=measured_on)


def _encoded(rule: Declaration, value: Any, probe: Any) -> Encoded:
    if rule.of_predictions:
        from proofbook.recorder import predictions

        return predictions.encode(rule.name, value, rule.declared)
    if probe is not None:
        from proofbook.recorder import probe as probed

        return probed.encode(rule.name, value, probe)
    return encode(rule.name, value)
