"""
Which rules there are.

The table names modules; a module offers the `Rule` objects that stand in it. Our own rules come in by the door that
a plugin's do: `load`.
"""

import difflib
from collections.abc import Iterable
from functools import cache
from importlib import import_module

from proofbook.exceptions import ConfigurationError
from proofbook.lint.ruff_codes import is_code
from proofbook.lint.rule import Rule
from proofbook.model.configuration import LintConfiguration

__all__ = ["RULE_MODULES", "load", "nearest", "rules", "selected"]

_HERE = "proofbook.lint.rules"
_GROUP = len("PB2")

RULE_MODULES = (
    f"{_HERE}.pb001_suppression_without_reason",
    f"{_HERE}.pb002_suppression_of_unknown_rule",
    f"{_HERE}.pb101_out_of_order_execution",
    f"{_HERE}.pb102_execution_gap",
    f"{_HERE}.pb103_partial_execution",
    f"{_HERE}.pb104_stale_output",
    f"{_HERE}.pb105_error_output_committed",
    f"{_HERE}.pb106_stale_injected_parameters",
    f"{_HERE}.pb107_stale_run_metadata",
    f"{_HERE}.pb201_undefined_name",
    f"{_HERE}.pb202_use_before_definition",
    f"{_HERE}.pb203_name_from_deleted_cell",
    f"{_HERE}.pb204_cross_cell_mutation",
    f"{_HERE}.pb205_alias_mutated_across_boundary",
    f"{_HERE}.pb206_non_idempotent_cell",
    f"{_HERE}.pb207_function_reads_mutable_global",
    f"{_HERE}.pb208_loop_variable_leaks",
    f"{_HERE}.pb209_deleted_name_used",
    f"{_HERE}.pb210_conditional_definition",
    f"{_HERE}.pb211_cross_cell_redefinition",
    f"{_HERE}.pb212_shadowed_import_or_builtin",
    f"{_HERE}.pb213_star_import",
    f"{_HERE}.pb214_unused_import_or_definition",
    f"{_HERE}.pb215_syntax_error",
    f"{_HERE}.pb216_import_not_near_top",
    f"{_HERE}.pb301_no_parameters_cell",
    f"{_HERE}.pb302_several_parameters_cells",
    f"{_HERE}.pb303_parameter_not_literal",
    f"{_HERE}.pb304_parameter_unused",
    f"{_HERE}.pb305_parameter_overwritten",
    f"{_HERE}.pb306_parameter_untyped",
    f"{_HERE}.pb307_hard_coded_value",
    f"{_HERE}.pb401_secret",
    f"{_HERE}.pb402_absolute_path",
    f"{_HERE}.pb403_changes_directory",
    f"{_HERE}.pb404_installs_packages",
    f"{_HERE}.pb405_shell_escape",
    f"{_HERE}.pb406_interactive_only",
    f"{_HERE}.pb407_unbounded_wait",
    f"{_HERE}.pb408_exits_the_kernel",
    f"{_HERE}.pb409_swallows_errors",
    f"{_HERE}.pb410_undeclared_dependency",
    f"{_HERE}.pb411_runs_another_notebook",
    f"{_HERE}.pb501_unseeded_randomness",
    f"{_HERE}.pb502_legacy_global_rng",
    f"{_HERE}.pb503_clock_reaches_record",
    f"{_HERE}.pb504_unordered_iteration",
    f"{_HERE}.pb601_write_outside_products",
    f"{_HERE}.pb602_product_never_written",
    f"{_HERE}.pb603_upstream_mismatch",
    f"{_HERE}.pb604_train_test_leakage",
    f"{_HERE}.pb605_missing_file",
    f"{_HERE}.pb701_nothing_recorded",
    f"{_HERE}.pb702_record_name",
    f"{_HERE}.pb703_record_type",
    f"{_HERE}.pb801_missing_title_or_headings",
    f"{_HERE}.pb802_long_cell_or_notebook",
    f"{_HERE}.pb803_empty_cell",
    f"{_HERE}.pb804_kernelspec",
    f"{_HERE}.pb805_cell_ids",
    f"{_HERE}.pb806_output_too_large",
    f"{_HERE}.pb807_unreadable",
)


def load(modules: Iterable[str]) -> dict[str, Rule]:
    """
    The rules of `modules`, code to rule, in the order of the codes.

    Raises:
        ConfigurationError: A module cannot be imported, holds no rule, or brings a code or name that is taken.
    """
    table: dict[str, Rule] = {}
    for name in modules:
        try:
            module = import_module(name)
        except ImportError as error:
            raise ConfigurationError(f"lint rules of {name} cannot be loaded: {error}") from None
        offered = [value for value in vars(module).values() if isinstance(value, Rule)]
        if not offered:
            raise ConfigurationError(f"{name} holds no lint rule: make one with proofbook.lint.rule.rule")
        for rule in offered:
            taken = [other for other in table.values() if rule.code == other.code or rule.name == other.name]
            if taken:
                raise ConfigurationError(f"lint rule {rule.code} {rule.name} of {name}: {taken[0].code} is taken")
            table[rule.code] = rule
    return dict(sorted(table.items()))


@cache
def rules() -> dict[str, Rule]:
    """Every rule, code to rule."""
    return load(RULE_MODULES)


def selected(configuration: LintConfiguration, *, table: dict[str, Rule] | None = None) -> tuple[Rule, ...]:
    """
    The rules of ours that `configuration` asks for, by code or prefix of one; codes of ruff's are passed over.

    PB807 runs unless it is ignored by its full code: a file that cannot be read must not pass because of a `select`.

    Raises:
        ConfigurationError: A code that no rule has; the nearest is named.
    """
    table = rules() if table is None else table
    for key, codes in (("select", configuration.select), ("ignore", configuration.ignore)):
        for code in codes:
            if code != "ALL" and is_code(code):
                continue  # ruff knows its own
            if not code or not any(known.startswith(code) for known in table):
                hint = nearest(code, table=table)
                groups = dict.fromkeys(f"{name[:_GROUP]}.." for name in table)
                known = f"did you mean {hint}?" if hint else f"known are {', '.join(groups)}, and ruff's"
                raise ConfigurationError(f"lint.{key}: no rule {code!r}; {known}")
    asked, refused = tuple(configuration.select), tuple(configuration.ignore)
    chosen = [
        rule
        for code, rule in table.items()
        if (code.startswith(asked) if asked else rule.default) and not code.startswith(refused)
    ]
    unreadable = table.get("PB807")
    if unreadable is not None and unreadable not in chosen and "PB807" not in refused:
        chosen.append(unreadable)
    return tuple(chosen)


def nearest(written: str, *, table: dict[str, Rule] | None = None) -> str | None:
    """The code that was probably meant by `written`, which may be a rule's name; None if nothing is near."""
    table = rules() if table is None else table
    by_name = {rule.name: code for code, rule in table.items()}
    near = difflib.get_close_matches(written.lower().replace("_", "-"), by_name, n=1, cutoff=0.7)
    if near:
        return by_name[near[0]]
    # a digit too many
    longer = [code for code in table if written.upper().startswith(code)]
    if longer:
        return longer[-1]
    # letters that are taken for digits
    near = difflib.get_close_matches(written.upper().translate(str.maketrans("OIL", "011")), table, n=1, cutoff=0.6)
    return near[0] if near else None
