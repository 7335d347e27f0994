# Two commands for a newcomer: `make repro` and `make test`. Each sets up what it needs, once.
# Without make, the README gives the few pip and mapgan lines that this file runs.

PYTHON ?= python3
VENV := .venv
RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
READY := $(VENV)/.ready

.PHONY: help setup repro test soak gpu-check lint

help:
	@echo "make repro   the whole pipeline: from images to a sheet of new maps (six to twelve minutes on two CPU cores)"
	@echo "make test    lint, types and tests (minutes)"
	@echo "make soak    the long tests: full sizes, many kills"
	@echo "make gpu-check   after an install on a machine with a GPU: does it train there? (4 to 6 minutes)"
	@echo "make setup   only the set-up of .venv"

setup: $(READY)

# pip runs again only when what it installs has changed; it compiles nothing, since Python does so for what is imported
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("mapgan: Python 3.11 or newer is needed; name one with make PYTHON=...") if sys.version_info < (3, 11) else 0'
	@$(VENV)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "mapgan: setting up $(VENV) (two minutes the first time)"
	@$(VENV)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

repro: $(READY)
	@$(RUN) dvc repro
	@echo "mapgan: the sheet of new maps is results/samples/sheet-000.png, and all of the run results/report.html"

test: $(READY)
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) pytest -m "not soak" -n 2 --dist worksteal --durations 10

soak: $(READY)
	@$(RUN) pytest -m soak

# the exit code is the script's, 2 without a GPU; make itself says 2 for any failure
gpu-check: $(READY)
	@$(RUN) python -m tools.gpu_check

lint: $(READY)
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .
	@$(RUN) mypy
