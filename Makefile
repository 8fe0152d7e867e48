# Every command works on a fresh Debian machine with Python 3.11, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test soak mutants check format bench schema docs clean

demo: $(VENV)/.installed
	@$(BIN)/quoflow demo

# Most tests wait for processes and the disk, so four at a time keep two cores busy; who has none left takes from the others.
test: check
	$(BIN)/python -m pytest -n 4 --dist worksteal

# Simulated lives until one fails or you stop it: SEEDS=1000 begins there, SEED=17 lives one of them and shows it.
soak: $(VENV)/.installed-dev
	$(BIN)/python -m tests.simulation.soak

# One bug at a time is put into a copy of the code; a test must notice each. The table is in docs/guarantees.md.
mutants: $(VENV)/.installed-dev
	$(BIN)/python tests/mutation/run.py --write

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/run.py

schema: $(VENV)/.installed
	$(BIN)/quoflow schema --write schema

# The reference of the language, one page a word, from the models that read rules; a test compares them.
docs: $(VENV)/.installed
	$(BIN)/python docs/reference/build.py

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
