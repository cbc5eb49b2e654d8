# Needs python3 and make. Fetches everything else into .uv/ and .venv/, and writes nothing outside but uv's cache.

PYTHON ?= python3
ARGS ?=

UV := .uv/bin/uv
READY := .venv/.synced
RUN := $(UV) run --no-sync
SAM := $(UV) run --quiet --locked --isolated --only-group sam sam
SECURITY := $(UV) run --quiet --locked --isolated --only-group security
FIND_SECRETS := $(SECURITY) tartufo --quiet --output-format compact

export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_INSTALL_DIR := $(CURDIR)/.uv/python
export UV_PYTHON_INSTALL_BIN := 0
export SAM_CLI_TELEMETRY := 0
export __SAM_CLI_APP_DIR := $(CURDIR)/.uv/sam
# The caller's Python environment must not change what runs here, and only two targets use AWS.
unexport VIRTUAL_ENV PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH UV_PYTHON
ifeq ($(filter deploy remove-stack,$(MAKECMDGOALS)),)
unexport AWS_PROFILE
endif

# The tests of units, use cases and handlers.
QUICK := tests/unit tests/template tests/integration tests/doors tests/security tests/faults tests/search
TEST := $(RUN) pytest --quiet --numprocesses auto

# The slowest first, so that the quick ones run next to them.
CHECKS := check-types check-template check-secrets check-code check-imports check-style check-lock check-layers check-licences
# All of them run even if one fails. The output of each stays together if this version of make supports that.
TOGETHER := $(if $(findstring -j,$(MAKEFLAGS)),,-j2) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# With hashes, because `sam build` checks its downloads against them.
EXPORT := $(UV) export --quiet --locked --no-annotate --no-header

.SILENT:
.PHONY: help setup browser demo deploy remove-stack test pages faults fuzz nightly audit figures lint layers licences pictures wordpress catalogs bench clean \
	$(CHECKS) check-vulnerabilities

help: ## list the targets
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile

setup: $(READY) ## fetch uv, Python 3.13 and all packages

demo: $(READY) ## run the whole system on this machine; ARGS=--exit stops it at the end
	$(RUN) undersigned demo $(ARGS)

deploy: $(READY) ## create or update the stack in AWS, as samconfig.toml says; asks the first time; STACK=staging is a second one
	$(RUN) undersigned deploy $(STACK) $(ARGS)

remove-stack: $(READY) ## delete the stack in AWS, after saying what stays; STACK=staging is the second one
	$(RUN) undersigned remove-stack $(STACK) $(ARGS)

# Playwright's Chromium, else Debian's: not every network reaches both.
browser: $(READY) ## fetch Chromium for the tests of the pages, if this machine has no Chromium or Chrome that starts
	$(RUN) python -m tests.support.chromium 2>/dev/null \
	|| { echo "make: fetching Chromium" && $(RUN) playwright install chromium >/dev/null 2>&1 && $(RUN) python -m tests.support.chromium; } \
	|| { apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium fonts-liberation && $(RUN) python -m tests.support.chromium; } >/dev/null \
	|| { echo "make: no Chromium; install Chromium or Chrome, or name one in UNDERSIGNED_CHROMIUM" >&2; exit 1; }

test: lint ## run every check, and the tests of units, use cases and handlers
	$(TEST) -p no:schemathesis -p no:anyio --scale=quick $(QUICK)

pages: browser ## test the pages and the local stack, in Chromium, and a letter's way through a deployed stack
	$(TEST) tests/pages tests/e2e tests/smoke

faults: $(READY) ## try a sample of crashes, races and malformed inputs, the installed command, and 40 simulated campaigns
	$(TEST) -m slow $(QUICK) tests/fuzz tests/package

fuzz: $(READY) ## give each parser malformed input for a minute or ARGS="--seconds …", guided by coverage
	$(RUN) python -m tests.fuzz $(ARGS)

nightly: $(if $(ARGS),,audit) browser ## run all tests in their largest sizes, of two hours; ARGS="tests/search -k weather" is a part
	$(RUN) pytest --quiet --scale=nightly $(or $(ARGS),tests)

figures: $(READY) ## write the figures of the last runs into docs/reliability.md
	$(RUN) python -m tests.support.figures

# The secrets first: they need no connection.
audit: $(UV) ## look for secrets in the whole history, and for known vulnerabilities of the locked versions
	$(FIND_SECRETS) scan-local-repo .
	$(MAKE) --no-print-directory check-vulnerabilities

lint: $(READY) ## check style, types, import contracts, lock, layers, template, security, secrets and licences
	$(MAKE) --no-print-directory --keep-going $(TOGETHER) $(CHECKS)

layers: $(READY) ## write the layers' requirements from uv.lock
	$(EXPORT) --only-group lambda --output-file layers/dependencies/requirements.txt >/dev/null
	$(EXPORT) --only-group typesetting --output-file layers/typesetting/requirements.txt >/dev/null

licences: $(READY) ## write docs/licences.md: what ships, and under which licences
	$(RUN) python -m checks.licences

pictures: $(READY) browser ## draw docs/pictures: *.svg from the .dot files, with Graphviz, and the pages, with Chromium
	$(RUN) python -m checks.pictures
	$(RUN) python -m tests.support.pictures

wordpress: $(READY) ## build undersigned-wordpress.zip, the plugin that the dashboard offers for download, in .undersigned
	mkdir -p .undersigned
	$(RUN) python -c "import sys; from undersigned.workshop.wordpress_plugin import plugin; sys.stdout.buffer.write(plugin())" \
		>.undersigned/undersigned-wordpress.zip

catalogs: $(READY) ## update the translations' files from the sentences in the source, and count their words
	$(RUN) python -m checks.catalogs

bench: $(READY) ## run the benchmarks, fail on a missed goal; ARGS=--small takes a minute, ARGS=calls runs one
	$(RUN) python -m benchmarks $(ARGS)

clean: ## remove everything that make fetched or built
	rm -rf .uv .venv .aws-sam .undersigned .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

check-style: $(READY)
	$(RUN) ruff check --quiet
	$(RUN) ruff format --check --quiet || { echo "make: some files are not formatted; run: $(RUN) ruff format" >&2; exit 1; }

check-types: $(READY)
	$(RUN) mypy --no-error-summary

check-imports: $(READY)
	report=$$($(RUN) lint-imports 2>&1) || { echo "$$report" >&2; exit 1; }

check-lock: $(UV)
	$(UV) lock --check --quiet || { echo "make: uv.lock doesn't match pyproject.toml; run: $(UV) lock" >&2; exit 1; }

check-layers: $(UV)
	$(EXPORT) --only-group lambda | diff -u layers/dependencies/requirements.txt - \
	&& $(EXPORT) --only-group typesetting | diff -u layers/typesetting/requirements.txt - \
	|| { echo "make: a layer doesn't match uv.lock; run: make layers" >&2; exit 1; }

check-licences: $(READY)
	$(RUN) python -m checks.licences --check || { echo "make: docs/licences.md doesn't match what ships, see above; run: make licences" >&2; exit 1; }

check-code: $(UV)
	$(SECURITY) bandit --quiet --configfile pyproject.toml --recursive layers/shared functions cli checks

# Scans all files, the last 300 commits, and what is staged; `make audit` scans every commit. A false positive gets
# an entry with its reason in pyproject.toml.
check-secrets: $(UV)
	if git log -1 >/dev/null 2>&1; then \
		copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && git init --quiet --bare --initial-branch main "$$copy" \
		&& git fast-export --max-count=300 --refspec HEAD:refs/heads/main HEAD >"$$copy/commits" \
		&& git -C "$$copy" fast-import --quiet <"$$copy/commits" \
		&& $(FIND_SECRETS) --config pyproject.toml scan-local-repo "$$copy" \
		&& $(FIND_SECRETS) pre-commit; \
	else \
		echo "make: git can't read this folder; secrets were NOT checked" >&2; \
	fi

check-vulnerabilities: $(UV)
	$(SECURITY) python -m checks.audit

check-template: $(UV)
	report=$$($(SAM) validate --lint 2>&1) || { echo "$$report" >&2; exit 1; }

$(READY): $(UV) pyproject.toml uv.lock .python-version
	$(UV) sync --locked --quiet || { echo "make: no environment, see above; if uv could not fetch Python 3.13 from GitHub, install Python 3.13" >&2; exit 1; }
	touch $@

# Debian has venv in a separate package. If it is missing, pip alone is enough.
$(UV): .ci/uv.txt
	command -v $(PYTHON) >/dev/null || { echo "make: no $(PYTHON); install Python 3" >&2; exit 1; }
	rm -rf .uv
	if $(PYTHON) -m venv .uv >/dev/null 2>&1; then \
		set -- .uv/bin/python -m pip install; \
	elif rm -rf .uv && $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		set -- $(PYTHON) -m pip install --target .uv; \
	else \
		echo "make: $(PYTHON) has neither venv nor pip; install one (Debian: apt install python3-venv)" >&2; exit 1; \
	fi; \
	"$$@" --quiet --disable-pip-version-check --no-input --only-binary :all: --require-hashes --requirement .ci/uv.txt
	touch $@
