# Every target sets up what it needs, on a fresh machine with Python >= 3.11 and Node >= 20.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SILENT:
.DEFAULT_GOAL := help

ENVIRONMENT ?= workshop
METHOD ?= high-level
LOCAL_AWS_PORT ?= 4566
LOCAL_REGION ?= us-east-1
PYTHON ?= python3

export ENVIRONMENT METHOD LOCAL_AWS_PORT LOCAL_REGION
# The CDK runs on Node 20 too, and says on every start that it is past its end of life.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION = 20
export MODEL_PYTHON = $(CURDIR)/.venv-model/bin/python
export FUNCTIONS_PYTHON = $(CURDIR)/.venv-functions/bin/python

BIN := .venv/bin
UV := $(BIN)/uv
UV_PIP := $(UV) pip sync --quiet --require-hashes
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
CDK := npx --no-install cdk
STAGE_CONTEXT = -c environment=$(ENVIRONMENT) -c region=$(REGION) -c method=$(METHOD)
# The runtime of the deployed functions; stacks/capabilities/function.py names it too, and package.json
# pins the pyodide that is of this version.
LAYER_PYTHON := 3.14
LAYER_PLATFORM := --python-version $(LAYER_PYTHON) --python-platform aarch64-manylinux2014
# Lambda's runtime brings these along; in the layer they would be 30 MB more.
IN_RUNTIME := $(addprefix --no-emit-package ,botocore python-dateutil six urllib3)
LOCKS := package-lock.json $(shell git ls-files '*requirements*.txt')
# Asked when a target needs them.
REGIONS = $(shell $(PYTHON) -c 'import json; print(*json.load(open("cdk.json"))["context"]["voc-gender"]["regions"])')
# What a synthesis is made with and from.
SYNTHESIS := node_modules/.stamp .venv/.compiled build/train.stamp build/layer.stamp

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: local local-up local-down local-reset
local: setup ## Run all of it on this machine until Ctrl-C: AWS, training, API, page
	$(BIN)/python -m local run
local-up: setup ## The same in the background: returns when all is ready
	$(BIN)/python -m local up
local-down: .venv/.stamp ## Stop it; what was stored stays
	$(BIN)/python -m local down
local-reset: .venv/.stamp ## Stop it and forget what was stored
	$(BIN)/python -m local reset

# How many processes the tests run in; what shares a deployment stays in one (tests/conftest.py).
TEST_JOBS ?= 2
.PHONY: test test-model test-container test-regions coverage mutation check format snapshots contract
test: setup .venv-notebooks/.stamp .venv-soak/.stamp test-model ## Run all tests: units, templates, end to end on the local AWS, browser [TEST_JOBS=2]
	$(BIN)/python -m pytest --ignore tests/model_code --ignore tests/regions --numprocesses $(TEST_JOBS) --no-loadscope-reorder
test-model: .venv-model/.stamp build/train.stamp ## The tests of data, training and serving alone
	.venv-model/bin/python -m pytest tests/model_code
coverage: export COVERAGE_FILE = $(CURDIR)/build/coverage/data
# The embedded AWS inherits no variable: every process finds in this file that it is measured.
MEASURE_AT_START = import os; os.environ.update(COVERAGE_PROCESS_START="$(CURDIR)/pyproject.toml", COVERAGE_FILE="$(COVERAGE_FILE)", MEASURED="$(CURDIR)"); import coverage; coverage.process_startup()
coverage: setup ## Run all tests and report how much of our own code they take, branch by branch
	rm -rf build/coverage
	mkdir -p build/coverage
	trap 'rm -f .venv*/lib/python3*/site-packages/measured.pth' EXIT; \
	for packages in .venv/lib/python3*/site-packages .venv-model/lib/python3*/site-packages; do echo '$(MEASURE_AT_START)' > $$packages/measured.pth; done; \
	$(MAKE) --no-print-directory test
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage html --quiet --directory build/coverage/html --fail-under 0
	$(BIN)/coverage report
mutation: setup .venv-mutation/.stamp ## Mutate the core and see its tests notice [TARGETS="settings names logic changes insights gate"]
	.venv-mutation/bin/python -m tests.mutation $(TARGETS)
test-container: .venv/.stamp node_modules/.stamp build/train.stamp ## Build the container image and run it on a real engine, started where none runs
	CONTAINER_TESTS=1 $(BIN)/python -m pytest -rs tests/container
test-regions: STAGES ?= $(foreach region,$(REGIONS),workshop-$(region) production-$(region))
test-regions: setup ## Deploy both environments in every region side by side on the local AWS, destroy one [STAGES="a b"]
	STAGES="$(STAGES)" $(BIN)/python -m pytest -s tests/regions
check: $(SYNTHESIS) .venv-checkov/.stamp .venv-model/.stamp .venv-functions/.stamp ## Lint, type-check, and check the templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy app.py stacks local lambda operations supply_chain benchmarks soak tests
	$(BIN)/mypy --python-executable .venv-model/bin/python model_code
	$(BIN)/actionlint
	$(BIN)/zizmor --quiet --offline .github
	$(CDK) synth --quiet --output build/cdk.check > /dev/null
	# W3005: CDK writes out dependencies that a reference implies already.
	# A template is checked for its own region: not every one has everything.
	for region in $(REGIONS); do $(BIN)/cfn-lint --ignore-checks W3005 --regions $$region -- "build/cdk.check/assembly-*-$$region/*.template.json" || exit 1; done
	.venv-checkov/bin/checkov --framework cloudformation --directory build/cdk.check --compact --quiet --skip-download
	$(MAKE) --no-print-directory licences audit
snapshots: setup ## Take the snapshots of the templates anew
	$(BIN)/python -m pytest -q tests/stacks/test_snapshots.py tests/stacks/test_acknowledgements.py --snapshot-update
contract: .venv/.stamp ## Generate the OpenAPI documents from the functions
	PYTHONPATH=lambda $(BIN)/python -m openapi.generate
format: .venv/.stamp ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(SYNTHESIS) ## Measure what the documentation quotes (docs/benchmarks/)
	$(BIN)/python -m benchmarks.newcomer
	$(BIN)/python -m benchmarks.synth
	$(MAKE) local-up
	PYTHONPATH=lambda $(BIN)/python -m benchmarks.identify
	$(MAKE) local-down
	$(BIN)/python -m benchmarks.cold_start

.PHONY: bench-lessons
bench-lessons: setup .venv-notebooks/.stamp ## Run the lessons at full size, or LESSON=name.ipynb, and record how long they take
	$(BIN)/python -m benchmarks.lessons $(LESSON)

SOAK_PORT ?= 4866
SOAK := LOCAL_STATE_FOLDER=build/soak LOCAL_AWS_PORT=$(SOAK_PORT) METHOD=pre-trained PYTHONPATH=lambda $(BIN)/python -m
.PHONY: soak
soak: setup .venv-soak/.stamp ## Load and faults, on an embedded AWS of its own: [SOAK_CLIENTS=50] [SOAK_SECONDS=300] [SOAK_PARTS="load faults deployments"]
	$(SOAK) local up
	$(SOAK) soak $(SOAK_PARTS) || { $(SOAK) local down; echo "What the clients saw is in build/soak/soak" >&2; exit 1; }
	$(SOAK) local reset

.PHONY: synth diff preflight deploy drift destroy leftovers
synth: $(SYNTHESIS) ## Write every template to cdk.out/
	$(CDK) synth --quiet
diff: $(SYNTHESIS) ## What a change does to every stack: BASE=main [ALLOW=harmless] [REGION=eu-west-1]
	@test -n "$(BASE)" || { echo "BASE is missing: make diff BASE=main" >&2; exit 2; }
	$(BIN)/python -m operations.diff_gate '$(BASE)' --allow $(or $(ALLOW),none) $(if $(REGION),-c region=$(REGION)) $(if $(filter command line,$(origin ENVIRONMENT)),-c environment=$(ENVIRONMENT))
preflight: .venv/.stamp ## What a deploy would miss: REGION=eu-west-1 [ENVIRONMENT=production]
	@test -n "$(REGION)" || { echo "REGION is missing: make preflight REGION=us-east-1" >&2; exit 2; }
	$(BIN)/python -m operations.preflight '$(ENVIRONMENT)' '$(REGION)' '$(METHOD)'
deploy: $(SYNTHESIS) ## Deploy: REGION=eu-west-1 [ENVIRONMENT=production] [APPROVAL=never]
	@test -n "$(REGION)" || { echo "REGION is missing: make deploy REGION=us-east-1" >&2; exit 2; }
	$(BIN)/python -m operations.preflight '$(ENVIRONMENT)' '$(REGION)' '$(METHOD)'
	$(CDK) deploy '$(ENVIRONMENT)-$(REGION)/*' --require-approval $(or $(APPROVAL),broadening) $(STAGE_CONTEXT)
drift: $(SYNTHESIS) ## What was changed by hand: REGION=eu-west-1 [ENVIRONMENT=production]
	@test -n "$(REGION)" || { echo "REGION is missing: make drift REGION=us-east-1" >&2; exit 2; }
	$(CDK) drift '$(ENVIRONMENT)-$(REGION)/*' --fail $(STAGE_CONTEXT)
destroy: $(SYNTHESIS) ## Remove, and list what stays: REGION=eu-west-1 [ENVIRONMENT=production] [YES=1]
	@test -n "$(REGION)" || { echo "REGION is missing: make destroy REGION=us-east-1" >&2; exit 2; }
	$(BIN)/python -m operations.removal '$(ENVIRONMENT)' '$(REGION)' '$(METHOD)' $(if $(YES),--yes)
leftovers: .venv/.stamp ## What a removed stage left: REGION=eu-west-1 [ENVIRONMENT=production]
	@test -n "$(REGION)" || { echo "REGION is missing: make leftovers REGION=us-east-1" >&2; exit 2; }
	$(BIN)/python -m operations.removal '$(ENVIRONMENT)' '$(REGION)' --list

.PHONY: publish
publish: $(SYNTHESIS) ## Publish templates and their launch links (docs/launch.md): BUCKET_PREFIX=name
	@test -n "$(BUCKET_PREFIX)" || { echo "usage: make publish BUCKET_PREFIX=your-company-voc-gender [READERS=111122223333] [REGION=eu-west-1] [LOCAL=1]" >&2; exit 2; }
	$(BIN)/python -m operations.launch_links $(BUCKET_PREFIX) --method $(METHOD) $(if $(READERS),--readers $(READERS)) $(if $(REGION),--region $(REGION)) $(if $(LOCAL),--local)

.PHONY: cost
cost: $(SYNTHESIS) ## Print what an idle month and a million identifications cost, and write docs/cost.md
	$(BIN)/python -m operations.cost

.PHONY: batch
batch: .venv/.stamp ## Infer the names of INPUT=names.csv on the local AWS, or REGION=eu-west-1 (docs/batch.md)
	@test -n "$(INPUT)" || { echo "usage: make batch INPUT=names.csv [REGION=eu-west-1] [ENVIRONMENT=production]" >&2; exit 2; }
	PYTHONPATH=lambda $(BIN)/python -m operations.batch "$(INPUT)" $(if $(REGION),--region $(REGION)) --environment $(ENVIRONMENT) $(if $(STACK),--stack "$(STACK)") $(if $(COLUMN),--column "$(COLUMN)") $(if $(POPULATION),--population $(POPULATION)) $(if $(SPREADSHEET),--spreadsheet) $(if $(REMOVE),--remove)

.PHONY: data train serve baseline compare model-card bench-model pretrained
data: build/train.stamp ## Build the training data in build/train/
train: .venv-model/.stamp ## Train: DATA=folder MODEL=folder
	@test -n "$(DATA)" -a -n "$(MODEL)" || { echo "usage: make train DATA=build/train MODEL=build/model" >&2; exit 2; }
	SM_CHANNEL_TRAIN=$(abspath $(DATA)) SM_MODEL_DIR=$(abspath $(MODEL)) SAGEMAKER_BASE_DIR=$(abspath $(MODEL)).work .venv-model/bin/python -m model_code.train
serve: .venv-model/.stamp ## Serve: MODEL=folder [PORT=8080]
	@test -n "$(MODEL)" || { echo "usage: make serve MODEL=build/model PORT=8080" >&2; exit 2; }
	SM_MODEL_DIR=$(abspath $(MODEL)) SAGEMAKER_BIND_TO_PORT=$(or $(PORT),8080) .venv-model/bin/python -m model_code.serve
baseline: build/train.stamp ## Train the workshop's network for an epoch, and print its figures
	.venv-model/bin/python -m model_code.baseline build/train
compare: build/train.stamp ## Compare MODEL=folder with published packages (not shipped, installed for this)
	@test -n "$(MODEL)" || { echo "usage: make compare MODEL=build/model" >&2; exit 2; }
	$(UV) venv --quiet --clear --python .venv-model/bin/python build/venv-compare
	$(UV_PIP) --python build/venv-compare/bin/python model_code/requirements-compare.txt
	build/venv-compare/bin/python -m model_code.compare $(abspath $(MODEL)) build/train --out docs/benchmarks/compare.json
model-card: .venv-model/.stamp ## Write docs/model-card.md from the evaluation in MODEL=folder
	@test -n "$(MODEL)" || { echo "usage: make model-card MODEL=build/model" >&2; exit 2; }
	.venv-model/bin/python -m model_code.model_card $(abspath $(MODEL)) docs/model-card.md
bench-model: build/train.stamp ## Measure training, size and speed of the model against the workshop's network
	.venv-model/bin/python -m model_code.benchmark build/train --model build/model --out docs/benchmarks/model.json
pretrained: build/train.stamp ## Train the model that METHOD=pre-trained ships, into model_code/pretrained/
	rm -rf build/pretrained build/pretrained.work
	$(MAKE) --no-print-directory train DATA=build/train MODEL=build/pretrained
	.venv-model/bin/python -m model_code.shipping build/pretrained build/train model_code/pretrained

.PHONY: hooks release
hooks: .venv/.stamp ## Check every commit before it is made
	$(BIN)/pre-commit install
release: setup ## Version application and model together, commit and tag: VERSION=1.2.0
	@test -n "$(VERSION)" || { echo "usage: make release VERSION=1.2.0" >&2; exit 2; }
	$(BIN)/python -m operations.release check $(VERSION)
	$(MAKE) --no-print-directory pretrained
	$(MAKE) --no-print-directory model-card MODEL=build/pretrained
	$(BIN)/python -m operations.release commit $(VERSION)

.PHONY: sbom licences audit fuzz
sbom: build/sbom.stamp ## Write a bill of materials (CycloneDX) per audience to build/sbom/
licences: build/sbom.stamp ## Check every dependency's licence against supply_chain/policy.toml
	$(BIN)/python -m supply_chain.licences build/sbom
audit: .venv/.stamp ## Look for known vulnerabilities [REQUIRED=1: fail where nobody can be asked]
	$(BIN)/python -m supply_chain.audit $(if $(REQUIRED),--required)

RUNS ?= 100000
SEED ?= 1
fuzz: .venv-fuzz/.stamp ## Fuzz what reads others' input, led by coverage [RUNS=100000 SEED=1]
	PYTHONPATH=lambda .venv-fuzz/bin/python -m tests.fuzz --runs $(RUNS) --seed $(SEED)

.PHONY: notebook
notebook: setup .venv-notebooks/.stamp ## Open JupyterLab with the lessons on the local AWS
	$(BIN)/python -m local notebook

.PHONY: setup synth-inputs layer lock clean
setup: $(SYNTHESIS) .venv-model/.stamp .venv-functions/.stamp ## Install everything
synth-inputs: .venv/.compiled build/train.stamp build/layer.stamp ## What a synthesis ships; the CDK CLI asks for it (cdk.json)
layer: build/layer.stamp ## Build the functions' dependency layer in build/layer/
lock: .venv/.stamp ## Pin what the requirements*.in files ask for, with hashes
	$(COMPILE) requirements-dev.in -o requirements-dev.txt
	$(COMPILE) -c requirements-dev.txt requirements.in -o requirements.txt
	$(COMPILE) requirements-checkov.in -o requirements-checkov.txt
	$(COMPILE) $(IN_RUNTIME) lambda/requirements.in -o lambda/requirements.txt
	$(COMPILE) -c lambda/requirements.txt local/functions-requirements.in -o local/functions-requirements.txt
	$(COMPILE) model_code/requirements.in -o model_code/requirements.txt
	$(COMPILE) -c model_code/requirements.txt model_code/requirements-serve.in -o model_code/requirements-serve.txt
	$(COMPILE) --no-emit-package unidecode -c model_code/requirements.txt model_code/requirements-dev.in -o model_code/requirements-dev.txt
	$(COMPILE) --no-emit-package unidecode -c model_code/requirements-dev.txt model_code/requirements-compare.in -o model_code/requirements-compare.txt
	$(COMPILE) notebooks/requirements.in -o notebooks/requirements.txt
	$(COMPILE) -c model_code/requirements-serve.txt -c local/functions-requirements.txt tests/fuzz/requirements.in -o tests/fuzz/requirements.txt
	$(COMPILE) soak/requirements.in -o soak/requirements.txt
	$(COMPILE) tests/mutation/requirements.in -o tests/mutation/requirements.txt
clean: ## Remove what was built and installed
	rm -rf build cdk.out node_modules .venv .venv-model .venv-functions .venv-notebooks .venv-checkov .venv-fuzz .venv-soak .venv-mutation

.venv/.stamp: requirements-dev.txt
	@echo "Installing the tools ..."
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python >= 3.11 is needed, and $(PYTHON) is none: make PYTHON=python3.12 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(UV) || sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt | $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r /dev/stdin
	$(UV_PIP) --python $(BIN)/python requirements-dev.txt
	touch $@
.venv/.compiled: .venv/.stamp
	# Where PYTHONDONTWRITEBYTECODE is set, every synthesis would compile what it imports of the CDK.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import app'
	touch $@
.venv-checkov/.stamp: requirements-checkov.txt | .venv/.stamp
	@echo "Installing what checks the templates ..."
	test -x .venv-checkov/bin/python || $(UV) venv --quiet --python $(BIN)/python .venv-checkov
	$(UV_PIP) --python .venv-checkov/bin/python requirements-checkov.txt
	touch $@
.venv-model/.stamp: model_code/requirements-dev.txt | .venv/.stamp
	@echo "Installing what trains and serves the model ..."
	test -x .venv-model/bin/python || $(UV) venv --quiet --python $(BIN)/python .venv-model
	$(UV_PIP) --python .venv-model/bin/python model_code/requirements-dev.txt
	touch $@
.venv-notebooks/.stamp: notebooks/requirements.txt | .venv/.stamp
	@echo "Installing what the lessons run with ..."
	test -x .venv-notebooks/bin/python || $(UV) venv --quiet --python $(BIN)/python .venv-notebooks
	$(UV_PIP) --python .venv-notebooks/bin/python notebooks/requirements.txt
	touch $@
.venv-soak/.stamp: soak/requirements.txt | .venv/.stamp
	@echo "Installing what the soak's clients run with ..."
	test -x .venv-soak/bin/python || $(UV) venv --quiet --python $(BIN)/python .venv-soak
	$(UV_PIP) --python .venv-soak/bin/python soak/requirements.txt
	touch $@
.venv-functions/.stamp: local/functions-requirements.txt | .venv/.stamp
	@echo "Installing what the functions find ..."
	test -x .venv-functions/bin/python || $(UV) venv --quiet --python $(BIN)/python .venv-functions
	# Compiled now: a function's process may not write, and would compile at every cold start.
	$(UV_PIP) --compile-bytecode --python .venv-functions/bin/python local/functions-requirements.txt
	touch $@
node_modules/.stamp: package-lock.json
	@echo "Installing the CDK CLI ..."
	command -v npm > /dev/null || { echo "Node >= 20 is needed: https://nodejs.org" >&2; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	touch $@
.venv-fuzz/.stamp: tests/fuzz/requirements.txt | .venv/.stamp
	@echo "Installing the fuzzers ..."
	test -x .venv-fuzz/bin/python || $(UV) venv --quiet --python $(BIN)/python .venv-fuzz
	$(UV_PIP) --python .venv-fuzz/bin/python tests/fuzz/requirements.txt
	touch $@
.venv-mutation/.stamp: tests/mutation/requirements.txt | .venv/.stamp
	@echo "Installing what makes mutants ..."
	test -x .venv-mutation/bin/python || $(UV) venv --quiet --python $(BIN)/python .venv-mutation
	$(UV_PIP) --python .venv-mutation/bin/python tests/mutation/requirements.txt
	touch $@
build/train.stamp: model_code/data.py model_code/names.py model_code/requirements-dev.txt | .venv-model/.stamp
	@echo "Building the training data ..."
	.venv-model/bin/python -m model_code.data build/train
	touch $@
build/sbom.stamp: $(LOCKS) supply_chain/sbom.py supply_chain/audiences.py | .venv/.stamp
	@echo "Writing the bills of materials ..."
	rm -rf build/sbom
	$(BIN)/python -m supply_chain.sbom build/sbom
	touch $@
build/layer.stamp: lambda/requirements.txt operations/layer_bytecode.mjs package.json | .venv/.stamp node_modules/.stamp
	@echo "Building the functions' dependency layer ..."
	rm -rf build/layer
	$(UV) pip install --quiet --require-hashes --no-deps --no-compile-bytecode --only-binary :all: $(LAYER_PLATFORM) --target build/layer/python -r lambda/requirements.txt
	rm -rf build/layer/python/bin build/layer/python/.lock
	node operations/layer_bytecode.mjs build/layer/python $(LAYER_PYTHON)
	touch $@
