# Needs python3 and make. All else is fetched into .uv/ and .venv/; uv's cache is the one thing written outside.

PYTHON ?= python3
ARGS ?=

UV := .uv/bin/uv
READY := .venv/.synced
RUN := $(UV) run --no-sync
SAM := $(UV) run --quiet --locked --isolated --only-group sam sam
SECURITY := $(UV) run --quiet --locked --isolated --only-group security

export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_INSTALL_DIR := $(CURDIR)/.uv/python
export UV_PYTHON_INSTALL_BIN := 0
export SAM_CLI_TELEMETRY := 0
export __SAM_CLI_APP_DIR := $(CURDIR)/.uv/sam
# What the caller's shell is in must not decide what runs here, and nothing here talks to AWS.
unexport VIRTUAL_ENV PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH UV_PYTHON AWS_PROFILE

# The slowest first: what waits for nobody fills the time beside it.
CHECKS := check-types check-template check-vulnerabilities check-secrets check-code check-imports check-style check-lock \
	check-layers check-licences
# Three at a time, for one of them waits for PyPI; all of them even if one fails; each one's output in one piece where this
# make can do that.
TOGETHER := $(if $(findstring -j,$(MAKEFLAGS)),,-j3) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
BABEL := $(RUN) pybabel --quiet
# With hashes: `sam build` checks what it downloads against them.
EXPORT := $(UV) export --quiet --locked --no-annotate --no-header

.SILENT:
.PHONY: help setup browser demo test soak fuzz lint layers licences pictures catalogs bench clean $(CHECKS)

help: ## list what make can do
	sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile

setup: $(READY) ## fetch uv, Python 3.13 and every package

demo: $(READY) ## run the whole of it on this machine; ARGS=--exit stops at the end
	$(RUN) undersigned demo $(ARGS)

browser: $(READY) ## fetch a Chromium for the tests of the pages, if this machine has none
	$(RUN) python -m tests.chromium_setup

test: browser lint ## every check and every test
	$(RUN) pytest --quiet --numprocesses auto --ignore tests/soak tests

soak: $(READY) ## what takes minutes: 5,000 people sign while workers die; pairs of crashes; 50,000 rows
	UNDERSIGNED_SIGNATURES=$${UNDERSIGNED_SIGNATURES:-5000} $(RUN) pytest --quiet tests/soak
	UNDERSIGNED_INTERLEAVINGS=$${UNDERSIGNED_INTERLEAVINGS:-50} $(RUN) pytest --quiet tests/faults/test_interleavings.py
	$(RUN) python -m tests.faults.every_crash --twice --pairs 0.3 --to-the-end --figures-of "make soak"
	UNDERSIGNED_ROWS=50000 UNDERSIGNED_EXAMPLES=5 $(RUN) pytest --quiet tests/e2e/test_exporting.py tests/e2e/test_openapi.py

fuzz: $(READY) ## malformed inputs for every parser, each for a minute or for ARGS="--seconds …", led by what they reach
	$(RUN) python -m tests.fuzz $(ARGS)

lint: $(READY) ## style, types, import contracts, lock, layers, template, security, licences
	$(MAKE) --no-print-directory --keep-going $(TOGETHER) $(CHECKS)

layers: $(READY) ## write the layers' requirements anew from uv.lock
	$(EXPORT) --only-group lambda --output-file layers/dependencies/requirements.txt >/dev/null
	$(EXPORT) --only-group typesetting --output-file layers/typesetting/requirements.txt >/dev/null

licences: $(READY) ## write docs/licences.md anew: what ships, and under which licences
	$(RUN) python -m checks.licences

pictures: $(READY) ## draw docs/pictures/*.svg anew from the .dot files; needs Graphviz
	$(RUN) python -m checks.pictures

# A sentence that changed keeps its old translation, marked as one to look at; what nobody says any more goes.
catalogs: $(READY) ## bring the languages' files in step with the sentences in the source
	sentences=$$(mktemp) && trap 'rm -f "$$sentences"' EXIT \
	&& $(BABEL) extract --mapping-file pyproject.toml --add-comments "For translators:" --strip-comment-tags \
		--add-location=file --omit-header --width 120 --output "$$sentences" layers/shared/undersigned functions \
	&& for file in layers/shared/undersigned/catalogs/*.po; do \
		$(BABEL) update --input-file "$$sentences" --output-file "$$file" --locale "$$(basename "$$file" .po | tr - _)" \
			--ignore-obsolete --ignore-pot-creation-date --width 120 || exit; \
	done

bench: $(READY) ## measure, and fail if a goal is missed; ARGS=--small shows in a minute that it runs, ARGS=calls runs one
	$(RUN) python -m benchmarks $(ARGS)

clean: ## remove all that make has fetched or built
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
	$(UV) lock --check --quiet || { echo "make: uv.lock is not in step with pyproject.toml; run: $(UV) lock" >&2; exit 1; }

check-layers: $(UV)
	$(EXPORT) --only-group lambda | diff -u layers/dependencies/requirements.txt - \
	&& $(EXPORT) --only-group typesetting | diff -u layers/typesetting/requirements.txt - \
	|| { echo "make: a layer is not in step with uv.lock; run: make layers" >&2; exit 1; }

check-licences: $(READY)
	$(RUN) python -m checks.licences --check || { echo "make: docs/licences.md is not what ships, see above; run: make licences" >&2; exit 1; }

check-code: $(UV)
	$(SECURITY) bandit --quiet --configfile pyproject.toml --recursive layers/shared functions cli checks

# Everything that git holds, and what is about to be committed. A finding that is none gets its reason in pyproject.toml.
check-secrets: $(UV)
	if git log -1 >/dev/null 2>&1; then \
		$(SECURITY) tartufo --quiet --output-format compact scan-local-repo . \
		&& $(SECURITY) tartufo --quiet --output-format compact pre-commit; \
	else \
		echo "make: git cannot read this folder; NO secrets were looked for" >&2; \
	fi

check-vulnerabilities: $(UV)
	$(SECURITY) python -m checks.audit

check-template: $(UV)
	report=$$($(SAM) validate --lint 2>&1) || { echo "$$report" >&2; exit 1; }

$(READY): $(UV) pyproject.toml uv.lock .python-version
	$(UV) sync --locked --quiet || { echo "make: no environment, see above; if it is Python 3.13 that uv could not fetch (from GitHub), install it" >&2; exit 1; }
	touch $@

# Debian keeps venv in a package of its own; pip alone will do.
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
