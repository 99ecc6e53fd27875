# Each target is thin; what takes more than a line or two lives in script/.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MACHINES ?= $(shell uname -m)
PAGE_SOURCES := $(shell find kiosk/page -name node_modules -prune -o -type f -print)
PAGE := kiosk/web/static/index.html

.PHONY: run test lint check-page page bench bench-peers soak fuzz screenshots demo test-systemd test-emulated deb offline-bundle test-aarch64 lock sbom clean

run: $(VENV)/kiosk.stamp $(PAGE)  ## set up what is missing and run the kiosk; ARGS="--config FILE" for your own
	$(BIN)/kiosk run $(ARGS)

test: lint check-page  ## set up what is missing, then lint and every test
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	script/lint-shell

check-page: $(VENV)/dev.stamp $(PAGE)
	script/npm $(VENV) run check
	script/npm $(VENV) test

page: $(PAGE)

$(VENV)/kiosk.stamp: pyproject.toml script/venv
	script/venv $(PYTHON) $(VENV) kiosk

$(VENV)/dev.stamp: pyproject.toml script/venv script/debian-packages
	script/debian-packages test
	script/venv $(PYTHON) $(VENV) dev

$(PAGE): $(PAGE_SOURCES) script/npm | $(VENV)/kiosk.stamp
	script/npm $(VENV) ci
	script/npm $(VENV) run build
	touch $@

bench: $(VENV)/dev.stamp $(PAGE)  ## a frame, start, memory, labels, a training, a full outbox, the page (many minutes)
	$(BIN)/kiosk bench
	$(BIN)/python -m bench.labels
	$(BIN)/python -m bench.long_run --frames 100000
	$(BIN)/python bench/training_memory.py
	$(BIN)/python bench/outbox.py
	$(BIN)/python -m bench.page

bench-peers: $(VENV)/dev.stamp  ## the same clip and model by other libraries, side by side (some minutes, downloads 400 MB)
	$(BIN)/python -m bench.peers $(ARGS)

soak: $(VENV)/dev.stamp  ## kill the kiosk 1,000 times while it sells (half an hour), or ARGS="--minutes 20": disasters
	$(BIN)/python -m tests.soak $(ARGS)

fuzz: $(VENV)/dev.stamp  ## send nonsense to all that reads from outside, 20 times what make test sends; ARGS="--times 100"
	$(BIN)/python -m tests.fuzz $(ARGS)

screenshots: $(VENV)/dev.stamp $(PAGE)  ## every page in every state, light and dark, five screens: build/screenshots
	$(BIN)/python -m tests.end_to_end.screenshots build/screenshots $(ARGS)

demo: $(VENV)/dev.stamp  ## draw, train and film the demo shop anew (half an hour)
	rm -rf build/demo && mkdir -p build/demo
	$(BIN)/trainer demo-data build/demo/demo-shop --photos-per-label 300
	SOURCE_DATE_EPOCH=1763856000 $(BIN)/trainer build build/demo/demo-shop --out build/demo/bundle \
	  --weights none --multiplier 0.35 --size 96 --epochs 30 --learning-rate 0.002
	rm -rf kiosk/demo/bundle && cp -r build/demo/bundle kiosk/demo/bundle
	$(BIN)/trainer demo-clip kiosk/demo/clip.mp4

deb: $(VENV)/kiosk.stamp $(PAGE)  ## the Debian package: dist/kiosk_*.deb; MACHINES="x86_64 aarch64" for both
	script/debian-packages deb
	script/deb $(VENV) $(MACHINES)

offline-bundle: $(VENV)/kiosk.stamp $(PAGE)  ## installer and wheels for a USB stick: dist/kiosk-*-offline.tar
	script/offline-bundle $(VENV)

DEB := dist/kiosk_amd64.stamp
DEB_SOURCES := $(shell find kiosk deploy docs/operator.md \( -name node_modules -o -name __pycache__ -o -path kiosk/web/static \) -prune \
  -o -type f -print)
$(DEB): $(VENV)/kiosk.stamp $(PAGE) $(DEB_SOURCES) script/deb script/deb-package script/deploy-files script/installer
	script/debian-packages deb
	script/deb $(VENV) x86_64
	touch $@

build/debian/%-kernel.tar: script/debian-tree
	script/debian-packages test-emulated
	script/debian-tree $* $@ linux-image-amd64 initramfs-tools iproute2

build/debian/%.tar: script/debian-tree
	script/debian-packages test-systemd
	script/debian-tree $* $@

test-systemd: $(VENV)/dev.stamp $(DEB) build/debian/bookworm.tar build/debian/trixie.tar  ## the package in booted Debians 12 and 13 (root, some minutes)
	script/debian-packages test-systemd
	KIOSK_SYSTEMD=1 $(BIN)/pytest tests/systemd $(ARGS)

test-emulated: $(VENV)/dev.stamp $(DEB) build/debian/bookworm-kernel.tar  ## the same on an emulated computer with a camera; ARGS="--accelerator kvm"
	script/debian-packages test-emulated
	$(BIN)/python -m tests.systemd.emulated $(ARGS)

test-aarch64: $(VENV)/dev.stamp $(PAGE)  ## the arm64 package and the recognition tests in an emulated Debian; SUITE=trixie
	script/debian-packages test-aarch64
	script/test-aarch64 $(VENV) $(SUITE)

lock: $(VENV)/dev.stamp  ## pin anew what a device installs: deploy/requirements.txt, with hashes
	script/lock $(VENV)

sbom: $(VENV)/dev.stamp $(PAGE)  ## what a device gets, as CycloneDX in build/sbom, and docs/licences.md
	script/sbom $(VENV)

clean:  ## remove everything that was built
	rm -rf $(VENV) build dist kiosk/page/node_modules kiosk/web/static
