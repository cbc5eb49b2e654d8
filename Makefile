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

# The tests of units, use cases and handlers. Those that are marked as slow are for .ci/run.
QUICK := tests/unit tests/template tests/integration tests/security tests/faults
TEST := $(RUN) pytest --quiet --numprocesses auto

# The parts of `make nightly`, one after the other.
PARTS := audit deploy rehearsals looks spam rows load moto races waits versions weather crashes campaigns fuzz
# The parts that have passed for these very files.
DONE = .undersigned/nightly/$(shell { git rev-parse HEAD && git diff HEAD; } 2>/dev/null | git hash-object --stdin)

# The slowest first, so that the quick ones run next to them.
CHECKS := check-types check-template check-secrets check-code check-imports check-style check-lock check-layers check-licences
# All of them run even if one fails. The output of each stays together if this version of make supports that.
TOGETHER := $(if $(findstring -j,$(MAKEFLAGS)),,-j2) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
BABEL := $(RUN) pybabel --quiet
# With hashes, because `sam build` checks its downloads against them.
EXPORT := $(UV) export --quiet --locked --no-annotate --no-header

.SILENT:
.PHONY: help setup browser demo deploy remove-stack test pages faults fuzz nightly figures lint layers licences pictures catalogs bench clean \
	$(CHECKS) check-vulnerabilities $(PARTS:%=nightly-%)

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
	$(RUN) python -m tests.chromium 2>/dev/null \
	|| { echo "make: fetching Chromium" && $(RUN) playwright install chromium >/dev/null 2>&1 && $(RUN) python -m tests.chromium; } \
	|| { apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium fonts-liberation && $(RUN) python -m tests.chromium; } >/dev/null \
	|| { echo "make: no Chromium; install Chromium or Chrome, or name one in UNDERSIGNED_CHROMIUM" >&2; exit 1; }

test: lint ## run every check, and the tests of units, use cases and handlers
	$(TEST) -p no:schemathesis -p no:anyio -m "not slow and not nightly" $(QUICK)

pages: browser ## test the pages and the local stack, in Chromium, and a letter's way through a deployed stack
	$(TEST) tests/browser tests/e2e tests/deployed

faults: $(READY) ## try a sample of crashes, races and malformed inputs, the installed command, and 40 simulated campaigns
	$(TEST) -m "slow and not nightly" $(QUICK) tests/fuzz tests/package
	$(RUN) python -m tests.faults.simulation --campaigns 40

fuzz: $(READY) ## give each parser malformed input for a minute or ARGS="--seconds …", guided by coverage
	$(RUN) python -m tests.fuzz $(ARGS)

nightly: $(READY) ## run everything that takes long, part by part; again, it goes on where it ended; PART=load runs one part
	mkdir -p $(DONE); failed=; \
	for part in $(or $(PART),$(filter-out $(notdir $(wildcard $(DONE)/*)),$(PARTS))); do \
		echo "nightly: $$part"; \
		if $(MAKE) --no-print-directory nightly-$$part; then touch $(DONE)/$$part; else failed="$$failed $$part"; fi; \
	done; \
	[ -z "$$failed" ] || { echo "make: these parts failed:$$failed" >&2; exit 1; }

figures: $(READY) ## write the figures of the last runs into docs/reliability.md
	$(RUN) python -m tests.figures

# The secrets first: they need no connection.
nightly-audit: $(UV)
	$(FIND_SECRETS) scan-local-repo .
	$(MAKE) --no-print-directory check-vulnerabilities

nightly-deploy: $(READY)
	$(RUN) pytest --quiet -m nightly tests/deployed/test_deploying.py

# What operators do: a restore, the runbook, the doctor.
nightly-rehearsals: browser
	$(RUN) pytest --quiet -m nightly $(addprefix tests/deployed/test_,doctor.py metrics.py runbook.py)
	$(RUN) pytest --quiet -m nightly $(addprefix tests/e2e/test_,weekly_delivery.py signing_form.py restore.py)

nightly-looks: browser
	UNDERSIGNED_LOOKS=all $(TEST) -m "nightly or not nightly" -k accessible tests/browser tests/e2e

nightly-spam: $(READY)
	command -v spamassassin >/dev/null \
	|| { apt-get -qq update && apt-get -qq install --yes --no-install-recommends spamassassin; } >/dev/null \
	|| { echo "make: no SpamAssassin; install it, such as with apt-get install spamassassin" >&2; exit 1; }
	$(RUN) pytest --quiet -m nightly tests/integration/test_spam.py

nightly-rows: $(READY)
	UNDERSIGNED_ROWS=$${UNDERSIGNED_ROWS:-50000} UNDERSIGNED_EXAMPLES=5 UNDERSIGNED_CHANGES=$${UNDERSIGNED_CHANGES:-1000} \
		$(RUN) pytest --quiet -m "nightly or not nightly" tests/deployed/test_exporting.py \
		$(addprefix tests/e2e/test_,counts.py openapi.py)

# Thousands of people sign while workers are killed.
nightly-load: $(READY)
	UNDERSIGNED_SIGNATURES=$${UNDERSIGNED_SIGNATURES:-1500} $(RUN) pytest --quiet tests/soak

# The files about what moves letters, and about offices. All others make the same calls through pages, commands, drafts and
# translations, and would take seven times as long; the tests' own memory parses their expressions as moto does.
# The use cases that write under conditions, with what their offices and organizers do. Every other file runs on the
# tests' memory only: moto's own parser reads its expressions, so moto would tell nothing new about them.
nightly-moto: $(READY)
	UNDERSIGNED_ON_MOTO=1 $(TEST) $(addprefix tests/integration/test_,signing.py delivering.py counting.py erasing.py seven_days.py \
		delivery_controls.py listing.py targets_as_signed.py restoring.py exporting.py reporting.py office.py answers.py \
		stopping.py)

nightly-races: $(READY)
	UNDERSIGNED_INTERLEAVINGS=$${UNDERSIGNED_INTERLEAVINGS:-50} UNDERSIGNED_HISTORIES=$${UNDERSIGNED_HISTORIES:-200} \
		$(RUN) pytest --quiet tests/faults/test_interleavings.py tests/faults/test_simulation.py tests/faults/test_counting_at_once.py

# SES is out for two weeks, and people sign faster than it takes emails.
nightly-waits: $(READY)
	UNDERSIGNED_HOURS_WITHOUT_SES=335 UNDERSIGNED_SECONDS_OF_RUSH=3600 UNDERSIGNED_EMAILS_WITHOUT_SES=100000 \
		UNDERSIGNED_HOURS_OF_THROTTLE=24 $(TEST) tests/faults/test_waiting_for_ses.py

nightly-crashes: $(READY)
	$(RUN) python -m tests.faults.every_crash --sample 0.5 --twice --pairs 0.3 --to-the-end \
		--figures-of "make nightly PART=crashes" $(ARGS)

nightly-weather: $(READY)
	$(RUN) python -m tests.faults.every_crash --weather bad --sample 0.08 --twice --pairs 0.3 \
		--figures-of "make nightly PART=weather" $(ARGS)

nightly-versions: $(READY)
	$(RUN) python -m tests.faults.every_crash --other-code --sample 0.06 --pairs 0.3 --to-the-end $(ARGS)

nightly-campaigns: $(READY)
	$(RUN) python -m tests.faults.simulation --figures-of "make nightly PART=campaigns" \
		$(or $(ARGS),--seconds 600)

nightly-fuzz: $(READY)
	$(RUN) python -m tests.fuzz $(or $(ARGS),--seconds 60)

lint: $(READY) ## check style, types, import contracts, lock, layers, template, security, secrets and licences
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

# Scans all files, the last 300 commits, and what is staged; `make nightly` scans every commit. A false positive gets
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
