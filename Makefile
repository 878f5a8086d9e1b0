# Needs make, sh and Python 3.12 or newer; everything else goes into .venv and .cache of this checkout.

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow agreement bench docs lint types check clean

BIN := .venv/bin

export MPLBACKEND := Agg
# One folder for each state of the kernels: numba does not see an edit of a kernel that another file's kernel calls.
export NUMBA_CACHE_DIR := $(CURDIR)/.cache/numba/$(shell cat src/mutau/numerics/*.py | cksum | cut -d' ' -f1)
export PYTENSOR_FLAGS := base_compiledir=$(CURDIR)/.cache/pytensor

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

install: ## Make .venv and install mutau in it (every other target does so first)
	@sh tools/bootstrap.sh

demo: install ## Run the shipped review (models/) and write results/
	@$(BIN)/mutau run models --out results

test: install ## Run the tests and the examples in the docstrings
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-slow: install ## Run the longer checks too slow for every change
	@$(BIN)/python -m pytest -m slow

agreement: install ## Print how far mutau's numbers are from other programs' into tests/reference/README.md
	@$(BIN)/python tests/reference/agreement.py

bench: install ## Print a table of timings, as ratios within one run
	@$(BIN)/python benchmarks/bench.py

docs: install ## Build the documentation site into site/ (no network; a broken reference is an error)
	@$(BIN)/python -m sphinx -E -W --keep-going -q docs site
	@echo "Open site/index.html"

lint: install ## Check style and formatting (ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: install ## Check the types (mypy, strict)
	@$(BIN)/mypy

check: lint types test ## Everything that has to pass before a change is merged

clean: ## Remove results, caches and build leftovers (.venv stays)
	rm -rf results site docs/reference docs/gallery build dist .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests examples -name __pycache__ -type d -prune -exec rm -rf {} +
