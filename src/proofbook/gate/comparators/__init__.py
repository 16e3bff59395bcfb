"""One comparator a file; they enter the registry by the door that a plugin would use."""

from proofbook.gate.comparators.figure import compare_figures
from proofbook.gate.comparators.json import compare_json
from proofbook.gate.comparators.model import compare_models
from proofbook.gate.comparators.predictions import compare_predictions
from proofbook.gate.comparators.profile import compare_profiles
from proofbook.gate.comparators.scalar import compare_scalars
from proofbook.gate.comparators.table import compare_tables
from proofbook.gate.comparators.text import compare_texts
from proofbook.gate.registry import register

__all__ = [
    "compare_figures",
    "compare_json",
    "compare_models",
    "compare_predictions",
    "compare_profiles",
    "compare_scalars",
    "compare_tables",
    "compare_texts",
]

register("scalar", compare_scalars)
register("text", compare_texts)
register("json", compare_json)
register("table", compare_tables)
register("predictions", compare_predictions)
register("figure", compare_figures)
register("model", compare_models)
register("profile", compare_profiles)
