# The two commands of a fresh clone: `make up` (a lab, running) and `make test` (every test).
PYTHON ?= python3
LAB ?= $(if $(wildcard labs/ai200-rag/lab.yaml),ai200-rag,az104-vnet-nsg)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

AZ := .venv-az

.PHONY: up test bench proof conformance torture clean

up: $(STAMP)
	@test -n "$(wildcard labs/$(LAB)/lab.yaml)" || { echo "There is no lab labs/$(LAB)." >&2; exit 2; }
	$(BIN)/azlabs up $(LAB) --cloud simulator --yes
	$(BIN)/azlabs verify --sandbox $(LAB) || test $$? -eq 1
	@echo "Your turn: . $(BIN)/activate, azlabs guide, azlabs verify, and azlabs down when you are done."

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2

bench: $(STAMP)
	$(BIN)/python -m bench

proof: $(STAMP)
	@for lab in $$(ls labs); do \
		test -f labs/$$lab/lab.yaml || continue; \
		$(BIN)/azlabs lab test $$lab || exit $$?; \
	done

# The real Azure CLI (750 MB, an environment of its own) against the simulator; writes the table in docs.
conformance: $(STAMP) $(AZ)/bin/az
	PATH="$(CURDIR)/$(AZ)/bin:$$PATH" $(BIN)/python tests/conformance/az_run.py --write docs/conformance.md
	PATH="$(CURDIR)/$(AZ)/bin:$$PATH" $(BIN)/pytest -q tests/conformance/test_lab_with_az.py tests/conformance/test_rag_with_az.py \
		tests/conformance/test_functions_with_az.py tests/conformance/test_many_at_once.py

$(AZ)/bin/az:
	$(PYTHON) -m venv $(AZ)
	$(AZ)/bin/python -m pip install --quiet --disable-pip-version-check azure-cli

# Kills at every request of both labs, and hundreds of runs in bad weather: 45 minutes on two cores. See docs/torture.md.
torture: $(STAMP)
	$(BIN)/python -m tests.torture

floors: $(STAMP)
	$(BIN)/python tests/conformance/floors.py

truth: $(STAMP)
	$(BIN)/python tests/conformance/truth.py

clean:
	rm -rf $(VENV) $(AZ) build dist

# Installed again when what it depends on has changed; the package itself is installed as a link to this folder.
$(STAMP): pyproject.toml hatch_build.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
