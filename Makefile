.PHONY: help setup demo test slow page browser api lint types check bench mutate golden gallery docs clean

PYTHON ?= python3
BIN := .venv/bin

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/.done: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

setup: .venv/.done  ## make .venv and install freefill with its development extras

demo: setup  ## fill real photographs and write one page that shows them
	$(BIN)/freefill demo -o demo

test: setup  ## the tests and the examples in docstrings: offline, no weights, a minute or two on two cores
	$(BIN)/python -m pytest -n 2

slow: setup  ## the tests that take long
	$(BIN)/python -m pytest -n 2 -m slow

tests/web/page/node_modules: tests/web/page/package-lock.json
	cd tests/web/page && npm ci --no-audit --no-fund
	touch $@

page: tests/web/page/node_modules  ## types of the page, by the TypeScript compiler (apt-get install nodejs npm)
	cd tests/web/page && npx tsc -p .

browser: setup tests/web/page/node_modules  ## the page in Debian's Chromium (apt-get install chromium)
	$(BIN)/python -m pytest -m browser tests/web

api: setup  ## thousands of requests made up from the API's description, by schemathesis; ten minutes
	$(BIN)/python -m pytest -n 0 -m slow tests/web/test_schema.py

lint: setup  ## format and lint
	$(BIN)/ruff format --check src tests benchmarks examples docs/*.py
	$(BIN)/ruff check src tests benchmarks examples docs/*.py

types: setup  ## types
	$(BIN)/pyright

check: lint types test  ## format, lint, types, tests: what the server runs

mutate: setup  ## break each line of the central rooms and count what the tests notice; hours
	nice -n 10 $(BIN)/python benchmarks/mutants.py

bench: setup  ## the measurements of docs/results.md
	@for f in benchmarks/*.py; do case $$f in */_*|*/mutants.py) ;; *) echo "== $$f"; $(BIN)/python $$f || exit 1;; esac; done

golden: setup  ## renew the golden numbers; read them in the diff
	FREEFILL_GOLDEN=write $(BIN)/python -m pytest -n 0 -m '' -k golden

gallery: setup  ## renew docs/gallery.md and its pictures from the photographs of the demo
	$(BIN)/freefill demo -o demo
	$(BIN)/python docs/gallery.py demo docs

docs: setup  ## build the site into site/; it reads without a network
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

clean:  ## remove what was built
	rm -rf .venv demo dist build site
