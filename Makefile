# One-word tasks. `make demo` and `make test` need nothing but Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
SIMULATOR := tools/log-simulator
SIMULATES := $(SIMULATOR)/node_modules/.package-lock.json
# Hashes stand in the locks; where packages come from is this machine's own setting.
INSTALL = pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r

# Tests import in hundreds of processes: what the first compiles, the others read.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: all demo test test-long lint types golden bench fuzz hours steps impact faults bench-wide bigquery days tick targets scale month scenarios signal screenshots image cloud dist sbom audit pin lock clean

all: lint types test test-long

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; give it with: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv (a minute or two, once)"
	@rm -rf .venv; $(PYTHON) -m venv .venv || tools/install-venv $(PYTHON)
	@$(BIN)/$(INSTALL) requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/logwatch evaluate --source tests/fixtures/logs/payment.ndjson --until 15:30

# Three at a time on two cores, since some tests wait for a time limit; whoever is done takes from the others.
test: $(READY)
	@$(BIN)/pytest -n 3 --dist worksteal -rs -m "not long and not image and not cloud and not bigquery"

# Whole runs, minute after minute, killed and taken up again: a tenth of the tests, a quarter of an hour.
test-long: $(READY)
	@$(BIN)/pytest -n 3 --dist worksteal -rs -m long

lint: $(READY)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports
	@$(BIN)/logwatch rules check
	@$(BIN)/logwatch rules test

types: $(READY)
	@$(BIN)/mypy

golden: $(READY)
	@$(BIN)/pytest --update-golden
	@$(BIN)/logwatch rules schema --output rules/schema.json
	@$(BIN)/logwatch rules schema --platform --output rules/service.schema.json
	@$(BIN)/logwatch rules schema --oncall --output rules/oncall.schema.json
	@$(BIN)/logwatch settings --schema --output rules/settings.schema.json

# Reading recordings beside DuckDB, polars, ClickHouse and a program in C: a quarter of an hour. Every kind of file in full size: an hour.
bench: .venv-bench/ready .venv-rivals/ready
	@.venv-bench/bin/python -m benchmarks --rivals .venv-rivals/bin/python

bench-wide: .venv-bench/ready .venv-rivals/ready
	@.venv-bench/bin/python -m benchmarks --rivals .venv-rivals/bin/python --only windows --wide

# A million mutated entries in eleven shapes, good ones planted among them: a quarter of an hour. Another seed: make fuzz SEED=7
fuzz: $(READY)
	@$(BIN)/python -m benchmarks.fuzz $(if $(SEED),--seed $(SEED))

# The log simulator's two packages; their hashes stand in its lock.
$(SIMULATES): $(SIMULATOR)/package-lock.json
	@command -v npm >/dev/null || { echo "The log simulator needs Node.js 18 or newer with npm: install it, and try again"; exit 1; }
	@npm ci --prefix $(SIMULATOR) --silent --no-audit --no-fund
	@touch $@

# How often simulated hours speak, healthy and failing.
hours: $(READY) $(SIMULATES)
	@$(BIN)/python -m benchmarks.false_warnings

# Whether causes are led to the right step.
steps: $(READY) $(SIMULATES)
	@$(BIN)/python -m benchmarks.steps

# Whether what a message says it came to holds, and the revision it names is the cause: a thousand incidents, half an hour. Others: make impact SALT=two INCIDENTS=100
impact: $(READY) $(SIMULATES)
	@$(BIN)/python -m benchmarks.impact $(if $(SALT),--salt $(SALT)) $(if $(INCIDENTS),--incidents $(INCIDENTS))

# Kill a run at every point between two effects, over a whole incident: eight minutes.
faults: $(READY)
	@$(BIN)/python -m tests.support.faults

# Thirty days of two installations, with the real gcloud: what was asked for, and that nothing else changed: two minutes a seed. Others: make days SEED="7 8"
days: $(READY)
	@$(BIN)/python -m tests.support.days $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m tests.support.days --versions $(if $(SEED),--seed $(SEED))

tick: $(READY)
	@$(BIN)/python -m benchmarks.tick_speed

# Ten targets in one run beside ten runs, without and with what a call of Google's takes: three minutes.
targets: $(READY)
	@$(BIN)/python -m benchmarks.targets_speed

# What a minute costs with 1 to 1,000 instances and 3 to 300 shops: five minutes. Others: make scale SIZES="10x3 1000x300"
scale: $(READY)
	@$(BIN)/python -m benchmarks.scale $(if $(SIZES),--sizes $(SIZES),--chart benchmarks/scale.svg)

# Whether anything grows in thirty days of a fleet that lives: a quarter of an hour.
month: $(READY)
	@$(BIN)/python -m benchmarks.month --chart benchmarks/month.svg

# The 37 kinds of scenario of the log simulator, scored by what is true of them: two minutes a salt. Others: make scenarios SALTS="x y"
SALTS = one two three
scenarios: $(READY) $(SIMULATES)
	@$(BIN)/python -m benchmarks.scenarios $(SALTS)

# How sure and how soon: prints docs/signal.md and writes it with its charts: half an hour of two idle cores; it goes on where it was stopped. Others: make signal SEED=7 HOURS=1000
signal: $(READY) $(SIMULATES)
	@$(BIN)/python -m benchmarks.signal $(if $(SEED),--seed $(SEED)) $(if $(WEEKS),--weeks $(WEEKS)) $(if $(FALLS),--falls $(FALLS)) \
	  $(if $(RECORDINGS),--recordings $(RECORDINGS)) $(if $(HOURS),--hours $(HOURS))

# The pictures of the page in the documents; needs a Chromium.
screenshots: $(READY)
	@$(BIN)/python -m tests.support.browser

# Build the image and run it, without a Docker engine: three minutes, ten with a base to fetch, as root on Debian 12 with buildah and debootstrap.
image: $(READY)
	@$(BIN)/pytest -m image -rs

# The queries of bq:// on an engine that runs BigQuery's SQL, against the same entries in a file: a minute. Their answers anew: make bigquery UPDATE=--update-golden
bigquery: $(READY) .venv-bq/ready
	@$(BIN)/pytest -m bigquery -rs $(UPDATE) tests/collect/bigquery

.venv-bq/ready: requirements-bq.lock
	@rm -rf .venv-bq; $(PYTHON) -m venv .venv-bq
	@.venv-bq/$(subst .venv/,,bin/$(INSTALL)) requirements-bq.lock
	@.venv-bq/bin/python -c 'import duckdb_extensions; duckdb_extensions.import_extension("spatial")'
	@touch $@

# Set up, build, deploy and tear down with the real gcloud against local servers: two minutes, more on a busy machine.
cloud: $(READY)
	@$(BIN)/pytest -m cloud -rs -n 2

# A wheel for `uv tool install` or `pipx install`: rules, templates and schemas are in it, and whoever installs it needs no git.
dist: $(READY)
	@rm -rf dist
	@$(BIN)/hatchling build --target wheel
	@$(BIN)/pytest tests/deploy/test_wheel.py

.venv-bench/ready: requirements-bench.lock pyproject.toml
	@rm -rf .venv-bench; $(PYTHON) -m venv .venv-bench
	@.venv-bench/$(subst .venv/,,bin/$(INSTALL)) requirements-bench.lock
	@.venv-bench/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Apart from what they are held against: one of them brings pyarrow, which pandas would import.
.venv-rivals/ready: requirements-rivals.lock
	@rm -rf .venv-rivals; $(PYTHON) -m venv .venv-rivals
	@.venv-rivals/$(subst .venv/,,bin/$(INSTALL)) requirements-rivals.lock
	@touch $@

# What the image installs, as CycloneDX JSON out of the lock.
sbom:
	@$(PYTHON) tools/sbom.py

# Whether anything that the image installs has a known hole; where nobody can be asked, it says so and passes.
audit:
	@tools/audit

# The digests of the image's base, written into the Dockerfile; needs docker.
pin:
	@deploy/pin-base.sh

lock: $(READY)
	@tools/lock

clean:
	rm -rf .venv .venv-bench .venv-bq .venv-rivals dist $(SIMULATOR)/node_modules .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
