# Each target is thin; what takes more than a line or two lives in script/.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PAGE_SOURCES := $(shell find kiosk/page -name node_modules -prune -o -type f -print)
PAGE := kiosk/web/static/index.html

.PHONY: run test lint check-page page demo clean

run: $(VENV)/kiosk.stamp $(PAGE)  ## set up what is missing and run the kiosk; ARGS="--config FILE" for your own
	$(BIN)/kiosk run $(ARGS)

test: lint check-page  ## set up what is missing, then lint and every test
	$(BIN)/pytest $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-page: $(VENV)/dev.stamp $(PAGE)
	script/npm $(VENV) run check
	script/npm $(VENV) test

page: $(PAGE)

$(VENV)/kiosk.stamp: pyproject.toml script/venv
	script/venv $(PYTHON) $(VENV) kiosk

$(VENV)/dev.stamp: pyproject.toml script/venv script/debian-packages
	script/debian-packages
	script/venv $(PYTHON) $(VENV) dev

$(PAGE): $(PAGE_SOURCES) script/npm | $(VENV)/kiosk.stamp
	script/npm $(VENV) ci
	script/npm $(VENV) run build
	touch $@

clean:  ## remove everything that was built
	rm -rf $(VENV) build dist kiosk/page/node_modules kiosk/web/static
