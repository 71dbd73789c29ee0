# Each target does all the set-up it needs, on a fresh machine too, and is quick the second time. See tools/setup.sh.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-cpp test-python test-pythons crash bench lint format sanitize clean

SHELL := bash
# Everything made lives in build/ and .venv/.
CPP_BUILD := build/cpp
PYTHON := .venv/bin/python
# Formatted and checked in C++ and in Python; a folder that does not exist is skipped.
PYTHON_DIRS = $(wildcard python tests tools examples)

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## Only the set-up: system packages, .venv, build, what the tests need
	@tools/setup.sh package cpp test

demo: ## The main job, in virtual time: a stack, orders, retries, dead letters, an alarm, redrive
	@tools/setup.sh package demo
	@$(PYTHON) -m localsqs demo

test: ## Every test: C++ (ctest), then Python (pytest)
	@tools/test.sh cpp python

test-cpp: ## The C++ tests alone
	@tools/test.sh cpp

test-python: ## The Python tests alone; ARGS="-k name" goes to pytest
	@tools/test.sh python $(ARGS)

test-pythons: ## The Python tests with other Pythons: PYTHONS="python3.12 /opt/python3.14t/bin/python3"; ARGS as above
	@ARGS="$(ARGS)" tools/test_pythons.sh $(PYTHONS)

crash: ## Kills a durable server 100 times under load and audits it after each restart; ARGS="--kills 5"
	@tools/setup.sh package
	@PYTHONPATH=tests/python $(PYTHON) tests/crash/driver.py $(ARGS)

bench: ## Benchmarks beside peers and floors, and their table; ARGS=--quick for a short run
	@tools/setup.sh package bench
	@$(PYTHON) tools/bench_table.py $(ARGS)

lint: ## Formatters, linters and type checker, changing nothing
	@tools/setup.sh lint
	@tools/lint.sh

format: ## Formats all C++ and Python
	@tools/setup.sh lint
	@tools/lint.sh --fix

sanitize: ## C++ tests under sanitizers: address and undefined behaviour, threads; and the fuzzers for a short while
	@tools/setup.sh cpp fuzz
	@tools/sanitize.sh

clean: ## Removes build/ and .venv/
	rm -rf build .venv
