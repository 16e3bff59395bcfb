# One word a chore. Each makes its environment if it is not there yet, from requirements.lock, by hash.

VENV := .venv
STAMP := $(VENV)/.made-from-$(shell sha256sum requirements.lock pyproject.toml | sha256sum | cut -c1-16)
RUN := $(VENV)/bin

.PHONY: demo test fidelity check lab bench soak docs lock clean
.DEFAULT_GOAL := demo

demo: $(STAMP) ## the main job on real flights: build, promote, build again, compare
	@PATH="$(CURDIR)/$(RUN):$$PATH" ./scripts/demo

test: $(STAMP) ## the tests, with the test runner's own summary
	@$(RUN)/python -m compileall -q src # hundreds of tests start a process of their own
	@$(RUN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

fidelity: $(STAMP) ## the whole corpus of notebooks, each in a cold and in a warm kernel; `make test` runs two thirds of it
	@WHOLE_CORPUS=1 $(RUN)/python -m pytest tests/kernels/test_fidelity.py

check: $(STAMP) ## format, lint, types, architecture, the project's own notebooks
	@$(RUN)/ruff format --check src tests scripts
	@$(RUN)/ruff check src tests scripts
	@$(RUN)/mypy
	@PATH="$(CURDIR)/$(RUN):$$PATH" $(RUN)/lint-imports
	@$(RUN)/proofbook lint

lab: $(STAMP) ## JupyterLab on this project
	@PATH="$(CURDIR)/$(RUN):$$PATH" $(RUN)/proofbook lab

bench: $(STAMP) ## what a build costs, beside its peers: every figure of docs/benchmarks.md (about an hour; ROUNDS=1: a look)
	@$(RUN)/python benchmarks/everything.py $(if $(ROUNDS),--rounds $(ROUNDS))

soak: $(STAMP) ## files that no editor wrote, put before lint; random kills of a build, with the store checked after each
	@$(RUN)/python benchmarks/lint_fuzz.py 300
	@PATH="$(CURDIR)/$(RUN):$$PATH" $(RUN)/python benchmarks/soak.py

docs: $(STAMP) ## regenerate the pages that are made from the code
	@$(RUN)/python scripts/make_rule_docs.py
	@$(RUN)/python scripts/make_cli_docs.py

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --all-extras --group dev pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  -c requirements.lock benchmarks/peers.in -o benchmarks/requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  benchmarks/datacompy.in -o benchmarks/datacompy.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  benchmarks/linters.in -o benchmarks/linters.lock

clean: ## remove what building leaves behind, but not the store
	rm -rf output .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage

$(STAMP): requirements.lock pyproject.toml
	@./scripts/environment $(VENV) $@
