# Spokenly in two commands: `make run` and `make test`. Needs Python 3.11 or newer and nothing else.
# `make PYTHON=/path/to/python setup` chooses another Python; `make ARGS="--port 9000" run` passes arguments.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --no-deps
PYTHON ?=
ARGS ?=
# Tests run in so many processes; 0 is none beside pytest itself, as a debugger needs it.
WORKERS ?= logical

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test bench lock clean

help:
	@echo "make run     set everything up and start Spokenly"
	@echo "make test    set everything up and run all checks"
	@echo "make setup   build the environment (.venv) alone"
	@echo "make bench   measure accuracy, lateness and load on this machine"
	@echo "make lock    choose the newest versions of everything again (needs uv)"
	@echo "make clean   remove the environment and whatever was built"

setup: $(VENV)/.ready
	@echo "The environment is ready in $(VENV)."

run: $(VENV)/.ready
	@exec $(BIN)/spokenly run $(ARGS)

test: $(VENV)/.ready-for-tests
	@$(look_for_chromium)
	@$(look_for_node)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist worksteal $(ARGS)

bench: $(VENV)/.ready-for-tests
	$(BIN)/python -m tests.bench $(ARGS)

# The locks hold hashes and no addresses, so they work with any mirror.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--upgrade --group build
lock:
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group dev -c requirements.lock pyproject.toml -o tests/requirements.lock

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info $(JS)/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(find_python); \
	echo "Setting up .venv with $$python ($$("$$python" -c 'import platform; print(platform.python_version())')) …"; \
	"$$python" -m venv $(VENV)
	@$(PIP) --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-for-tests: $(VENV)/.ready tests/requirements.lock
	@echo "Adding what the tests need …"
	@$(PIP) --require-hashes --no-build-isolation -r tests/requirements.lock
	@touch $@

# A python3.x on the path may be a shim that runs nothing, and Debian's comes without venv: each is tried.
define find_python
set -e; python=; too_old=; no_venv=; \
for one in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python3.14 /usr/bin/python3); do \
	"$$one" -c 'import sys' >/dev/null 2>&1 || continue; \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { too_old=$$one; continue; }; \
	"$$one" -c 'import ensurepip, venv' >/dev/null 2>&1 || { no_venv=$$one; continue; }; \
	python=$$one; break; \
done; \
if [ -z "$$python" ] && [ -n "$$no_venv" ]; then \
	echo "$$no_venv has no venv module: install it first (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; \
elif [ -z "$$python" ]; then \
	echo "Spokenly needs Python 3.11 or newer, and there is none here$${too_old:+ ($$too_old is older)}." >&2; exit 1; \
fi
endef

# The browser tests need Chromium, which comes from the system's packages.
define look_for_chromium
for one in chromium chromium-browser google-chrome; do command -v $$one >/dev/null && exit 0; done; \
if command -v apt-get >/dev/null; then \
	root=; [ "$$(id -u)" = 0 ] || root="sudo -n"; \
	echo "Installing Chromium for the browser tests …"; \
	$$root apt-get update -qq >/dev/null 2>&1; \
	DEBIAN_FRONTEND=noninteractive $$root apt-get install -qq -y --no-install-recommends chromium \
		</dev/null >/dev/null 2>&1; \
fi; \
command -v chromium >/dev/null || \
	echo "!!! NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED. Install it (on Debian: apt install chromium)." >&2
endef

# A client of another language gives a second opinion on calls. Its lock holds hashes and no addresses, too.
JS := tests/fakes/discord/js
define look_for_node
if ! command -v npm >/dev/null && command -v apt-get >/dev/null; then \
	root=; [ "$$(id -u)" = 0 ] || root="sudo -n"; \
	echo "Installing Node.js for the tests with a second client …"; \
	$$root apt-get update -qq >/dev/null 2>&1; \
	DEBIAN_FRONTEND=noninteractive $$root apt-get install -qq -y --no-install-recommends nodejs npm \
		</dev/null >/dev/null 2>&1; \
fi; \
if command -v node >/dev/null && command -v npm >/dev/null; then \
	[ $(JS)/node_modules/.package-lock.json -nt $(JS)/package-lock.json ] || { \
		echo "Adding a second client for the tests …"; \
		npm ci --prefix $(JS) --silent --no-audit --no-fund --ignore-scripts >/dev/null 2>&1; \
	}; \
fi; \
[ -d $(JS)/node_modules/@discordjs ] || \
	echo "!!! NO NODE CLIENT: THE TESTS WITH @discordjs/voice ARE SKIPPED. They need node, npm and their registry." >&2
endef
