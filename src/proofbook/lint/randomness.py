"""Where a notebook draws random numbers, and from which generators; which of them are seeded."""

# ruff: noqa: SIM905  lists of words read best as words

import ast
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.lint.asked_once import asked_once
from proofbook.lint.syntax import in_function

__all__ = ["LEGACY", "Draw", "Randomness", "randomness", "seeding_keyword"]

Generator = Literal["random", "numpy", "torch", "polars", "own"]
"""`random`, `numpy`, `torch`, `polars`: the one that everybody shares. `own`: one that is made here."""

LEGACY = frozenset(
    "beta binomial bytes chisquare choice dirichlet exponential f gamma geometric gumbel hypergeometric laplace "
    "logistic lognormal logseries multinomial multivariate_normal negative_binomial noncentral_chisquare noncentral_f "
    "normal pareto permutation poisson power rand randint randn random random_integers random_sample ranf rayleigh "
    "sample shuffle standard_cauchy standard_exponential standard_gamma standard_normal standard_t triangular uniform "
    "vonmises wald weibull zipf".split()
)
"""Functions of `numpy.random` that draw from the generator that everybody shares."""

_STANDARD = frozenset(
    "betavariate binomialvariate choice choices expovariate gammavariate gauss getrandbits lognormvariate "
    "normalvariate paretovariate randbytes randint random randrange sample shuffle triangular uniform "
    "vonmisesvariate weibullvariate".split()
)
_TORCH = frozenset("rand randn randint randperm normal bernoulli multinomial rand_like randn_like randint_like".split())
_MAKERS = {"random.Random": "x", "numpy.random.SeedSequence": "entropy"} | {
    f"numpy.random.{name}": "seed" for name in "default_rng RandomState PCG64 PCG64DXSM MT19937 Philox SFC64".split()
}
_SKLEARN = frozenset(
    # scikit-learn: what draws with its defaults, and says so by `random_state`
    "train_test_split ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit RepeatedKFold RepeatedStratifiedKFold "
    "RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor BaggingClassifier "
    "BaggingRegressor IsolationForest RandomTreesEmbedding MLPClassifier MLPRegressor SGDClassifier SGDRegressor "
    "KMeans MiniBatchKMeans BisectingKMeans GaussianMixture BayesianGaussianMixture LatentDirichletAllocation "
    "RandomizedSearchCV BernoulliRBM GaussianRandomProjection SparseRandomProjection RBFSampler "
    "make_blobs make_classification make_regression make_circles make_moons make_friedman1 make_swiss_roll "
    "make_s_curve make_gaussian_quantiles make_hastie_10_2 make_low_rank_matrix make_multilabel_classification "
    "shuffle resample".split()
)
_SKLEARN_SHUFFLED = frozenset({"KFold", "StratifiedKFold", "StratifiedGroupKFold"})
_NOISE_ONLY = frozenset({"make_circles", "make_moons"})
_SHARED: tuple[Generator, ...] = ("random", "numpy", "torch", "polars")
_SEEDING: dict[str, Generator] = {
    "random.seed": "random",
    "numpy.random.seed": "numpy",
    "torch.manual_seed": "torch",
    "polars.set_random_seed": "polars",
}
_OTHERS = ("tensorflow.random.", "torch.cuda.", "torch.mps.", "jax.")
"""They seed generators that no draw here is from."""
_TABLES = {"pandas": "random_state", "geopandas": "random_state", "seaborn": "random_state", "polars": "seed"}
"""Who makes tables, and by which keyword their `sample` is seeded."""
_SAMPLED = {
    "random_state": {"n", "frac", "replace", "weights", "axis", "ignore_index", "random_state"},
    "seed": {"n", "fraction", "with_replacement", "shuffle", "seed"},
}


class Draw(Struct, frozen=True, kw_only=True):
    """A call that draws random numbers, or makes what will."""

    flow: CellFlow
    node: ast.Call
    name: str
    """`numpy.random.rand`, `.sample` ..."""
    generator: Generator
    span: Span
    deferred: bool
    keyword: str = ""
    """The keyword that would seed this call alone; empty where there is none."""

    @property
    def short(self) -> str:
        """As people call it: `np.random.rand`."""
        return ast.unparse(self.node.func) if not self.name.startswith(".") else self.name


class Randomness:
    """The draws of one notebook."""

    def __init__(self, flows: Sequence[CellFlow]) -> None:
        tables = _Tables(flows)
        self.draws = [draw for flow in flows for draw in (*_of_functions(flow), *tables.samples(flow))]
        self.seeds = [
            (flow, call) for flow in flows for call in flow.calls if call.name == "numpy.random.seed"
        ]  # fmt: skip
        self._seeded_from: dict[str, tuple[int, int]] = {}
        for flow in flows:
            self._find_seeds(flow)
        self._unknown = any(flow.wild for flow in flows)

    @property
    def unseeded(self) -> Iterator[Draw]:
        """The draws that give something else on every run, as far as that is sure."""
        if self._unknown:
            return
        for draw in self.draws:
            start = self._seeded_from.get(draw.generator) if draw.generator != "own" else None
            place = (draw.flow.cell.number, draw.span.line)
            # a function runs when it is called: above the seed it may stand
            if start is None or (place < start and not draw.deferred):
                yield draw

    def _find_seeds(self, flow: CellFlow) -> None:
        names = {id(call.node): call.name for call in flow.calls}
        for node in flow.nodes(ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if "seed" not in called.lower() and called not in {"set_state", "setstate"}:
                continue
            name = names.get(id(node), "")
            if name in {"random.seed", "numpy.random.seed"} and not _is_given(node):
                continue
            if name.startswith(_OTHERS):
                continue
            own = _SEEDING.get(name)
            deferred = in_function(flow, node)
            place = (0, 0) if deferred else (flow.cell.number, flow.place(node).line)
            # a function that is called `set_seed` or the like may seed them all
            for generator in (own,) if own else _SHARED:
                self._seeded_from[generator] = min(place, self._seeded_from.get(generator, place))


@asked_once
def randomness(flows: tuple[CellFlow, ...]) -> Randomness:
    """The draws of the notebook whose cells these are."""
    return Randomness(flows)


def seeding_keyword(node: ast.Call, keyword: str) -> ast.keyword | None:
    """The keyword `random_state=...` of a call, if it is there."""
    return next((given for given in node.keywords if given.arg == keyword), None)


def _of_functions(flow: CellFlow) -> Iterator[Draw]:
    for call in flow.calls:
        found = _of_function(call.name, call.node)
        if found is not None:
            generator, keyword = found
            yield Draw(
                flow=flow,
                node=call.node,
                name=call.name,
                generator=generator,
                span=call.span,
                deferred=call.deferred,
                keyword=keyword,
            )


class _Tables:
    """The tables of a notebook, as far as one can tell which library made them."""

    def __init__(self, flows: Sequence[CellFlow]) -> None:
        imported = {known.module.partition(".")[0] for flow in flows for known in flow.imports}
        self.keywords = {keyword for library, keyword in _TABLES.items() if library in imported}
        self.made: dict[str, str] = {}
        for flow in flows if self.keywords else ():
            library = {id(call.node): call.name.partition(".")[0] for call in flow.calls}
            for assignment in flow.nodes(ast.Assign):
                keyword = _TABLES.get(library.get(id(assignment.value), ""))
                for target in assignment.targets:
                    if isinstance(target, ast.Name) and keyword:
                        self.made[target.id] = keyword

    def samples(self, flow: CellFlow) -> Iterator[Draw]:
        """`table.sample(...)` without a seed."""
        for node in flow.nodes(ast.Call) if self.keywords else ():
            keyword = self._keyword(node)
            if keyword is not None and not _is_seeded(node):
                yield Draw(
                    flow=flow,
                    node=node,
                    name=".sample",
                    generator="polars" if keyword == "seed" else "numpy",
                    span=flow.place(node),
                    deferred=in_function(flow, node),
                    keyword=keyword,
                )

    def _keyword(self, node: ast.Call) -> str | None:
        """By which keyword it would be seeded, if it is the `sample` of a table."""
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == "sample"):
            return None
        words = {word.arg for word in node.keywords}
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id in self.made:
            return self.made[owner.id]
        # a sample of something else takes other arguments
        fitting = [keyword for keyword in self.keywords if words and words <= _SAMPLED[keyword]]
        return fitting[0] if len(fitting) == 1 and words & {"n", "frac", "fraction"} else None


def _of_function(name: str, node: ast.Call) -> tuple[Generator, str] | None:
    """From which generator a call draws, and the keyword that would seed it; None where it does not draw."""
    module, _, last = name.rpartition(".")
    if name in _MAKERS:
        return None if _is_given(node) else ("own", _MAKERS[name])
    if module == "numpy.random" and last in LEGACY:
        return "numpy", ""
    if module == "random" and last in _STANDARD:
        return "random", ""
    if module == "torch" and last in _TORCH and not seeding_keyword(node, "generator"):
        return "torch", ""
    if name.startswith("scipy.stats.") and last == "rvs":
        return None if _is_seeded(node) else ("numpy", "random_state")
    if name.startswith("sklearn.") and _sklearn_draws(last, node):
        return "numpy", "random_state"
    return None


def _sklearn_draws(name: str, node: ast.Call) -> bool:
    if _is_seeded(node):
        return False
    words = {word.arg: word.value for word in node.keywords}
    shuffle = words.get("shuffle")
    if name in _SKLEARN_SHUFFLED:
        return isinstance(shuffle, ast.Constant) and shuffle.value is True
    if name in _NOISE_ONLY:
        # without noise they draw only the order of their points
        return "noise" in words
    return name in _SKLEARN and not (isinstance(shuffle, ast.Constant) and shuffle.value is False)


def _is_seeded(node: ast.Call) -> bool:
    """Whether it is given a seed, or who knows what."""
    if any(word.arg is None for word in node.keywords):
        return True
    seeds = [word.value for word in node.keywords if word.arg in {"random_state", "seed", "rng"}]
    return any(not _is_none(value) for value in seeds)


def _is_given(node: ast.Call) -> bool:
    """Whether there is an argument that is not None."""
    return any(not _is_none(value) for value in [*node.args, *(word.value for word in node.keywords)])


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
