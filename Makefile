# Every target is a short command or two that can be typed without make as well (see README.md);
# on Windows the interpreter is .venv\Scripts\python.
PYTHON ?= python3
VENV := .venv/bin/python

.PHONY: help setup demo test test-gpu test-hosts bench gui screenshots lint format clean

help:     ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'

setup:    ## .venv, pinned packages, system libraries of the window, compiled kernels
	@$(PYTHON) -m codef_nodes.bootstrap

demo: setup   ## the main job on a real clip; writes build/demo
	@$(VENV) -m codef_nodes.demo

test:     ## lint, types, import contracts, all tests; set-up first, its kernels beside the types
	@$(PYTHON) -m codef_nodes.bootstrap --packages
	@$(VENV) -m codef_nodes.checks

test-gpu: setup ## every kernel for graphics cards against plain torch, on the card that is here
	@$(VENV) -m codef_nodes.checks --gpu

test-hosts: setup ## tests in a real Blender, in an environment of its own (.venv-hosts)
	@$(VENV) -m tests.hosts

bench: setup  ## the benchmark table, written to benchmarks/results
	@$(VENV) -m benchmarks

gui: setup    ## the editor
	@$(VENV) -m codef_nodes gui

screenshots: setup ## pictures of the editor at work, written to docs/images
	@$(VENV) -m gui.manual

lint: setup   ## lint, types and import contracts, without the tests
	@$(VENV) -m codef_nodes.checks --no-tests

format: setup ## puts the code into the house's format
	@$(VENV) -m codef_nodes.checks --fix

clean:    ## removes what was built (.venv stays)
	@$(PYTHON) -m codef_nodes.bootstrap --clean
