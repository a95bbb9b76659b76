# `make demo` and `make test` set up everything they need, in .venv and .julia of this folder.

# The first Python that is recent enough; `make PYTHON=...` chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# A file of tests stays in one process, which compiles what its tests share once. The slow tests run one after the
# other: some of them kill, interrupt and fill disks, and mind company.
PARALLEL := --numprocesses=logical --maxprocesses=4 --dist=loadfile
WITH_JULIA := . .julia/env.sh &&

.PHONY: help setup lowest others demo test test-slow lint docs vendor transcripts notebooks bench-accelerator bench-inference bench-reference bench-simulators bench-training bench-constraint bench-recipe bench-domain bench-groups bench-axial bench-knowledge benchmarks dist clean

help:
	@echo "make demo    show the package at work"
	@echo "make test    lint, type check, and the quick tests: those that are not marked slow"
	@echo "make test-slow   the other tests, and those of Julia"
	@echo "make lint    lint and type check only"
	@echo "make bench-simulators   speed of the simulators beside others (installs those)"
	@echo "make bench-reference    the shipped models on data of the reference's own generators (installs those)"
	@echo "make bench-training     a training step at the paper's size beside the reference's (installs that)"
	@echo "make bench-constraint   short training runs with and without the acyclicity constraint"
	@echo "make bench-recipe       short training runs that differ in one setting"
	@echo "make bench-domain       how often tables are called unlike those of training, clean ones and spoiled ones"
	@echo "make bench-groups       what groups of pair statistics are worth, without training a network"
	@echo "make bench-axial    ways to make the axial network learn more, at equal time of a core"
	@echo "make bench-knowledge    what a known part of the graph tells about the rest, and how often signs are right"
	@echo "make bench-accelerator  predictions and training on a GPU or TPU beside the CPU"
	@echo "make bench-inference    time and memory of predictions beside the reference (installs that)"
	@echo "make benchmarks  every report of docs/benchmarks again: models beside other methods (installs those)"
	@echo "make vendor  the library that draws networks in reports, again from the registry of npm"
	@echo "make dist    sdist and wheel into dist/, checked, installed in clean environments (PYTHONS=...) and predicting"
	@echo "make docs    the documentation, into build/docs"
	@echo "make transcripts    run the sessions that the documentation shows, and write them down again"
	@echo "make notebooks      run the notebooks of the documentation, and write them again"
	@echo "make setup   the environment only: .venv and a Julia"
	@echo "make clean   remove the environment and all caches"

setup: .julia/env.sh

demo: setup
	$(WITH_JULIA) $(BIN)/avici-jl demo --force

test: lint setup
	$(WITH_JULIA) $(BIN)/pytest $(PARALLEL) -m "not slow" --durations=20

test-slow: setup
	$(WITH_JULIA) $(BIN)/pytest -m slow --durations=20
	$(WITH_JULIA) $(BIN)/python tests/julia.py

# Not through requirements: sdcd asks for old releases that it does not need, and of cdt only its generator is used,
# which imports GPUtil.
# The first line takes the build of torch for CPUs from a release that has one.
others: setup
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[benchmarks]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps cdt==0.6.0 GPUtil==1.4.0 sdcd==0.1.4

# BENCHMARKS="table1 size" chooses experiments, EFFORT=--full runs as many datasets as the paper, DATA=FOLDER has real data.
EFFORT ?= --quick
BENCHMARKS ?= $(filter-out $(if $(DATA),,real),$(shell $(BIN)/avici-jl benchmark))
benchmarks: others
	$(WITH_JULIA) OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/avici-jl benchmark $(EFFORT) --out docs/benchmarks \
		$(if $(DATA),--data $(DATA)) \
		$(foreach name,$(BENCHMARKS),--experiment $(name))

bench-simulators: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[speed]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/reference avici==1.0.7
	$(WITH_JULIA) $(BIN)/python benchmarks/simulators.py

bench-reference: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[speed]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/reference avici==1.0.7
	$(WITH_JULIA) $(BIN)/python benchmarks/reference_data.py

bench-training: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[speed]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/reference avici==1.0.7
	$(BIN)/python benchmarks/training.py

bench-accelerator: setup
	$(BIN)/python benchmarks/accelerator.py

bench-constraint: setup
	$(WITH_JULIA) $(BIN)/python benchmarks/constraint.py

bench-recipe: setup
	$(WITH_JULIA) $(BIN)/python benchmarks/recipe.py

bench-domain: setup
	$(WITH_JULIA) $(BIN)/python benchmarks/out_of_domain.py

bench-groups: setup
	$(WITH_JULIA) $(BIN)/python benchmarks/groups.py

bench-axial: setup
	$(WITH_JULIA) $(BIN)/python benchmarks/axial.py $(BENCH)

bench-knowledge: setup
	$(WITH_JULIA) $(BIN)/python benchmarks/knowledge.py scm-world scm-world

bench-inference: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/reference \
		avici==1.0.7 dm-haiku==0.0.17 jmp tabulate
	$(BIN)/python benchmarks/inference.py $(BENCH)

vendor:
	scripts/fetch_cytoscape.sh

docs: .venv/installed
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs build/docs

PYTHONS ?= $(BIN)/python
dist: .venv/installed
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*
	$(BIN)/python ci/check_wheel.py dist/*.whl $(PYTHONS)

# The oldest versions that pyproject.toml allows, for the job that tests them.
lowest:
	uv pip compile --quiet --universal --resolution lowest-direct --python-version 3.11 --no-annotate pyproject.toml \
		--extra anndata --extra excel --extra hub --extra loom --extra parquet --extra tensorboard --extra zarr \
		--custom-compile-command "make lowest" --output-file ci/lowest.txt

transcripts: setup
	$(WITH_JULIA) $(BIN)/python docs/transcripts/record.py

notebooks: setup
	$(WITH_JULIA) $(BIN)/python docs/notebooks/execute.py

lint: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/fatou --quiet format --check julia
	$(BIN)/fatou lint julia

.venv/installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; none is on PATH." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

.julia/env.sh: .venv/installed $(wildcard ci/julia_offline/*.* ci/julia_offline/packages/*/src/*.jl)
	ci/julia_offline/ensure.sh "$(CURDIR)/$(BIN)/python"
	touch $@

clean:
	rm -rf .venv .julia .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find python tests -name __pycache__ -prune -exec rm -rf {} +
