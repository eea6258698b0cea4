# Tessera's commands. `make` or `make help` lists them; the work is done by scripts/, in steps that say why.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
export PORT HOST PYTHON
export OFFLINE := $(OFFLINE)

.PHONY: help run stop reset offline serve setup demo test lint bench docs messages lock tools

help: ## list these commands
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

##@ running
run: ## set everything up, then web and worker with a filled exercise map (PORT=8000 HOST=127.0.0.1)
	@exec scripts/run

stop: ## stop web, worker and the private database
	@$(PYTHON) scripts/serve stop
	@if [ -z "$${DATABASE_URL:-}" ]; then $(PYTHON) scripts/cluster stop; fi

reset: ## throw the private database and var/ away (asks; YES=--yes does not)
	@$(PYTHON) scripts/serve stop
	@$(PYTHON) scripts/cluster reset $(YES) && rm -rf var

offline: ## prepare a folder to install from without a network (FOLDER=…)
	@$(PYTHON) scripts/venv run
	@$(PYTHON) scripts/offline "$(FOLDER)"

serve: ## the production start: web and worker against DATABASE_URL, no exercise
	@exec scripts/production

##@ developing
setup: ## all that running and developing need, and an up-to-date private database
	@$(PYTHON) scripts/packages test
	@$(PYTHON) scripts/venv dev
	@$(PYTHON) scripts/cluster start
	@$(PYTHON) scripts/settings
	@scripts/prepare

demo: setup ## load the large exercise (about 5,000 reports) into the private database
	@.venv/bin/flask --app wsgi demo

tools:
	@$(PYTHON) scripts/packages test
	@$(PYTHON) scripts/venv dev

lint: tools ## style, types, contracts between the rooms, spelling, no foreign hosts
	@scripts/lint

test: lint ## lint, then the whole suite on a real PostGIS in the private cluster
	@$(PYTHON) scripts/cluster start
	@scripts/prepare words
	@scripts/test $(ARGS)

bench: tools ## measure: ratios and medians of interleaved runs
	@$(PYTHON) scripts/cluster start
	@scripts/prepare words
	@.venv/bin/python -m tests.bench $(ARGS)

docs: setup ## write the generated pages of docs/ anew from the code
	@$(PYTHON) scripts/settings
	@.venv/bin/flask --app wsgi docs

messages: tools ## collect the words of pages and code, and bring the six catalogues up to date
	@scripts/messages

lock: tools ## resolve the dependencies anew and write the hash locks (UPGRADE=--upgrade for the newest)
	@UPGRADE="$(UPGRADE)" scripts/lock
