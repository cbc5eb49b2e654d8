# Needs python3 and make. Fetches everything else into .uv/ and .venv/, and writes nothing outside but uv's cache.

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
# The caller's Python environment must not change what runs here, and nothing here uses AWS.
unexport VIRTUAL_ENV PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH UV_PYTHON AWS_PROFILE

# What writes and reads the table most. All handlers' tests run on our own memory, and make soak runs these on moto, too.
ON_MOTO := $(addprefix tests/integration/test_,signing.py delivering.py counting.py erasing.py seven_days.py delivery_controls.py \
	listing.py targets_as_signed.py backups.py)

# The slowest first, so that the quick ones run next to them.
CHECKS := check-types check-template check-vulnerabilities check-secrets check-code check-imports check-style check-lock \
	check-layers check-licences
# Three at a time, because one of them waits for PyPI. All of them run even if one fails. The output of each stays
# together if this version of make supports that.
TOGETHER := $(if $(findstring -j,$(MAKEFLAGS)),,-j3) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
BABEL := $(RUN) pybabel --quiet
# With hashes, because `sam build` checks its downloads against them.
EXPORT := $(UV) export --quiet --locked --no-annotate --no-header

.SILENT:
.PHONY: help setup browser demo test soak rehearse fuzz lint layers licences pictures catalogs bench clean $(CHECKS)

help: ## list the targets
	sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile

setup: $(READY) ## fetch uv, Python 3.13 and all packages

demo: $(READY) ## run the whole system on this machine; ARGS=--exit stops it at the end
	$(RUN) undersigned demo $(ARGS)

browser: $(READY) ## fetch Chromium for the tests of the pages, if this machine has no Chromium or Chrome
	$(RUN) python -m tests.chromium_setup

test: browser lint ## run every check and every test
	$(RUN) pytest --quiet --numprocesses auto --ignore tests/soak tests

soak: $(READY) ## run the tests that take minutes: thousands of people sign while workers die; simulated campaigns; 50,000 rows
	UNDERSIGNED_SIGNATURES=$${UNDERSIGNED_SIGNATURES:-1500} $(RUN) pytest --quiet tests/soak
	UNDERSIGNED_ON_MOTO=1 $(RUN) pytest --quiet --numprocesses auto $(ON_MOTO)
	UNDERSIGNED_HOURS_WITHOUT_SES=335 UNDERSIGNED_SECONDS_OF_RUSH=3600 \
		$(RUN) pytest --quiet tests/faults/test_waiting_for_ses.py & waiting=$$!; \
	UNDERSIGNED_INTERLEAVINGS=$${UNDERSIGNED_INTERLEAVINGS:-50} $(RUN) pytest --quiet tests/faults/test_interleavings.py \
		tests/faults/test_simulation.py tests/integration/test_archives.py; \
	races=$$?; wait $$waiting && exit $$races
	$(RUN) python -m tests.faults.every_crash --sample 0.5 --twice --pairs 0.3 --to-the-end --figures-of "make soak" & crashes=$$!; \
	$(RUN) python -m tests.faults.every_crash --weather bad --sample 0.08 --twice --pairs 0.3 --figures-of "make soak" \
		&& $(RUN) python -m tests.faults.every_crash --other-code --sample 0.06 --pairs 0.3 --to-the-end; \
	others=$$?; wait $$crashes && exit $$others
	$(RUN) python -m tests.faults.simulation --figures-of "make soak" $(or $(ARGS),--seconds 600) & campaigns=$$!; \
	if git cat-file -e b450f0e 2>/dev/null; then $(RUN) python -m tests.faults.every_crash --version-0-2 --pairs 0.3 --to-the-end; \
	else echo "make: the history of version 0.2 is missing; its crashes were NOT tried" >&2; fi; \
	old=$$?; wait $$campaigns && exit $$old
	UNDERSIGNED_ROWS=50000 UNDERSIGNED_EXAMPLES=5 UNDERSIGNED_CHANGES=1000 $(RUN) pytest --quiet tests/e2e/test_counts.py \
		tests/e2e/test_exporting.py tests/e2e/test_openapi.py

rehearse: browser ## see all pages in all looks, and do what operators do: a restore, the runbook, the doctor
	UNDERSIGNED_LOOKS=all $(RUN) pytest --quiet --numprocesses auto -m "rehearsed or not rehearsed" -k accessible tests/browser tests/e2e
	$(RUN) pytest --quiet -m rehearsed $(addprefix tests/e2e/test_,doctor.py metrics.py weekly_delivery.py)
	$(RUN) pytest --quiet -m rehearsed $(addprefix tests/e2e/test_,local_stack.py signing_form.py restore.py runbook.py)

fuzz: $(READY) ## give each parser malformed input for a minute or ARGS="--seconds …", guided by coverage
	$(RUN) python -m tests.fuzz $(ARGS)

lint: $(READY) ## check style, types, import contracts, lock, layers, template, security and licences
	$(MAKE) --no-print-directory --keep-going $(TOGETHER) $(CHECKS)

layers: $(READY) ## write the layers' requirements from uv.lock
	$(EXPORT) --only-group lambda --output-file layers/dependencies/requirements.txt >/dev/null
	$(EXPORT) --only-group typesetting --output-file layers/typesetting/requirements.txt >/dev/null

licences: $(READY) ## write docs/licences.md: what ships, and under which licences
	$(RUN) python -m checks.licences

pictures: $(READY) browser ## draw docs/pictures: *.svg from the .dot files, with Graphviz, and the pages, with Chromium
	$(RUN) python -m checks.pictures
	$(RUN) python -m tests.pictures

# A changed sentence keeps its old translation, marked as fuzzy. A sentence that is no longer in the source is removed.
catalogs: $(READY) ## update the translations' files from the sentences in the source
	sentences=$$(mktemp) && trap 'rm -f "$$sentences"' EXIT \
	&& $(BABEL) extract --mapping-file pyproject.toml --add-comments "For translators:" --strip-comment-tags \
		--add-location=file --omit-header --width 120 --output "$$sentences" layers/shared/undersigned functions \
	&& for file in layers/shared/undersigned/catalogs/*.po; do \
		$(BABEL) update --input-file "$$sentences" --output-file "$$file" --locale "$$(basename "$$file" .po | tr - _)" \
			--ignore-obsolete --ignore-pot-creation-date --width 120 || exit; \
	done

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

# Scans every commit, and what is staged. A false positive gets an entry with its reason in pyproject.toml.
check-secrets: $(UV)
	if git log -1 >/dev/null 2>&1; then \
		$(SECURITY) tartufo --quiet --output-format compact scan-local-repo . \
		&& $(SECURITY) tartufo --quiet --output-format compact pre-commit; \
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
