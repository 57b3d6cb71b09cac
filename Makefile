# The sandbox: Odoo 19, PostgreSQL and this module, without installing anything.
# Everything is in dev/; this file only names it.
PYTHON ?= python3
export PORT ARGS ALL SIZE

# One sentence instead of make's own when there is no Python at all.
DEV = @command -v "$(PYTHON)" > /dev/null || { \
	echo "There is no $(PYTHON) on the PATH: install Python 3.10 to 3.13," \
	"or name it: make PYTHON=/path/to/python3" >&2; exit 1; }; \
	exec "$(PYTHON)" -m dev

.DEFAULT_GOAL := help
.PHONY: help run test shell lint bench clean

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

run: ## Odoo with demo data on 127.0.0.1 (PORT=8069); Ctrl-C stops it
	$(DEV) run

test: ## all tests; ARGS="-k law" goes to pytest
	$(DEV) test

shell: ## Odoo's shell on the database of `make run`
	$(DEV) shell

lint: ## ruff, pylint-odoo and the OCA checks
	$(DEV) lint

bench: ## how fast it is, figure by figure; SIZE=small for a tenth
	$(DEV) bench

clean: ## remove the sandbox; ALL=1 removes the shared downloads too
	$(DEV) clean
