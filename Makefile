# What a developer and CI run. `make help` lists the targets.
.DELETE_ON_ERROR:
.NOTPARALLEL: # two pips in one environment would trip over each other
.DEFAULT_GOAL := help

# The newest Python that augcli runs on and that can make environments.
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
DEMO := build/demo
GALLERY := build/gallery
WHEEL_CHECK := build/wheel-check
CHECKED := augcli recipes tests
PIXEL_TESTS := tests/render tests/transforms

.PHONY: help demo gallery test portable portable-short faults lint format docs docs-check wheel wheel-check clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-16s%s\n", $$1, $$2}'

demo: $(VENV)/demo.stamp ## expand real photographs and leave a preview sheet in build/demo
	rm -rf $(DEMO)
	$(BIN)/python recipes/demo/make_pairs.py $(DEMO)/in
	$(BIN)/augcli expand recipes/demo/recipe.yaml $(DEMO)/in $(DEMO)/out
	$(BIN)/augcli preview recipes/demo/recipe.yaml $(DEMO)/in -o $(DEMO)/sheet.png
	@echo "The preview sheet is $(CURDIR)/$(DEMO)/sheet.png"

gallery: $(VENV)/demo.stamp ## draw every transform, for the manual
	$(BIN)/python recipes/demo/make_pairs.py $(GALLERY)/in
	for name in $(basename $(notdir $(wildcard recipes/gallery/*.yaml))); do \
	  set -- $$(sed -n 's/^#   augcli preview [^ ]* [^ ]* -o [^ ]* //p' recipes/gallery/$$name.yaml); \
	  $(BIN)/augcli preview recipes/gallery/$$name.yaml $(GALLERY)/in -o recipes/gallery/$$name.webp "$$@" --cell 150 \
	    || exit 1; \
	done

test: $(VENV)/test.stamp ## run the tests on all cores (ARGS="-k flip" goes to pytest)
	$(BIN)/python -m pytest -n auto $(ARGS)

portable: $(VENV)/test.stamp ## run the tests as on other CPUs, several times (ARGS goes to pytest)
	$(BIN)/python tests/support/other_cpus.py $(ARGS)

portable-short: $(VENV)/test.stamp ## the tests of pixels as on other CPUs
	$(BIN)/python tests/support/other_cpus.py --without-openblas $(PIXEL_TESTS)

faults: $(VENV)/test.stamp ## plant every kind of fault in every real set, and see that check names it
	$(BIN)/python -m pytest -n auto -m "campaign or not campaign" tests/commands/check/test_faults_real.py $(ARGS)

lint: $(VENV)/lint.stamp ## check format, rules and types
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/mypy --strict augcli recipes

format: $(VENV)/lint.stamp ## format the code and mend what ruff can mend
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)

docs: $(VENV)/package.stamp ## write the generated parts of README.md and the manual again
	$(BIN)/python -m augcli.cli.docs

docs-check: $(VENV)/package.stamp ## fail where the generated parts of README.md or the manual are stale
	$(BIN)/python -m augcli.cli.docs --check

wheel: $(VENV)/build.stamp ## build the source distribution and the wheel, in dist
	rm -rf dist
	$(BIN)/python -m build

wheel-check: wheel ## install the wheel into an environment of its own, and use it outside the checkout
	rm -rf $(WHEEL_CHECK)
	$(PYTHON) -m venv $(WHEEL_CHECK)
	$(WHEEL_CHECK)/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	$(WHEEL_CHECK)/bin/python -I tests/support/use_wheel.py

clean: ## remove the environment and everything that was built
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find augcli recipes tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is as old as what it stands for: nothing is installed again until pyproject.toml changes.
# pip 25.1 is the first that knows --group.
$(VENV)/pip.stamp:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer with venv was found; name one: make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/package.stamp: pyproject.toml $(VENV)/pip.stamp
	$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/demo.stamp $(VENV)/test.stamp $(VENV)/lint.stamp $(VENV)/build.stamp: $(VENV)/%.stamp: $(VENV)/package.stamp
	$(PIP_INSTALL) --group $*
	@touch $@
