# Every target makes its own environment in .venv, once, and again when pyproject.toml changes.
PYTHON ?= python3
OUT ?= out
LESSON ?= 01
CUDA ?= 13
WORKERS ?= auto
BIN := .venv/bin
READY := .venv/ready

.PHONY: help demo test test-browser test-live test-gpu site live zip lesson bench bench-gpu scoreboard wheel clean

help:
	@echo "make demo    train on real digits, draw one film, write $(OUT)/index.html"
	@echo "make test    style, types, tests, and a wheel that installs on its own"
	@echo "make site    run every lesson, write the pages into site/"
	@echo "make live    the same, with lessons that run in their reader's browser: 100 MB to fetch, once"
	@echo "make zip     $(OUT)/site.zip: those pages, to open from a stick"
	@echo "make lesson LESSON=05  one lesson of them as a single file, to put into a course page"
	@echo "make bench   measure this machine against other libraries, write benchmarks/results/bench.md"
	@echo "make scoreboard  try the identities on other libraries, write tutorials/scoreboard.md"
	@echo "make clean   remove what make made"
	@echo "make test-browser, test-live, test-gpu, bench-gpu: what needs Chromium, or a CUDA device and CuPy"

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "grassmann_np needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --editable '.[viz,film,data,cluster,fast,test]'
	touch $(READY)

demo: $(READY)
	$(BIN)/python -m grassmann_np compare --data digits --model mlp --seeds 5 --out $(OUT)/compare --overwrite
	$(BIN)/python -m viz step --out $(OUT)/step.mp4
	$(BIN)/python -m viz step --out $(OUT)/step.gif
	$(BIN)/python -m viz step --out $(OUT)/step.png
	$(BIN)/python -m viz page $(OUT)
	@echo 'Open $(OUT)/index.html in a browser.'

test: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(WORKERS)
	$(MAKE) --no-print-directory wheel

# One extra at a time, when something needs it: .venv/site, .venv/browser, .venv/bench.
.venv/%: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@

# The editor of the live lessons is CodeMirror where there is npm, else a plain one.
live: .venv/live .venv/wheels/ready .venv/npm/package.json site

.venv/wheels/ready: tutorials/_live/wheels.txt $(READY)
	$(BIN)/python -m pip download --quiet --no-deps --only-binary :all: --dest .venv/wheels --requirement $<
	touch $@

.venv/npm/package.json: tutorials/_live/package.json $(READY)
	mkdir -p .venv/npm
	cp $< $@
	@if command -v npm >/dev/null; then npm install --prefix .venv/npm --no-package-lock --no-audit --no-fund --silent || echo 'no CodeMirror: the plain editor takes its place'; fi

site: .venv/site
	$(BIN)/python -m sphinx -q -E -W --keep-going -j auto -d .venv/doctrees tutorials site
	@echo 'Open site/index.html in a browser.'

# The site as it is, to open from a stick.
zip:
	@test -f site/index.html || { echo 'make site first, or make live'; exit 1; }
	mkdir -p $(OUT)
	$(PYTHON) -m zipfile -c $(OUT)/site.zip site

# Without the cells that run; says its size.
lesson:
	@test -f site/index.html || { echo 'make site first, or make live'; exit 1; }
	$(BIN)/python tutorials/_live/alone.py site/$(LESSON)_*.html $(OUT)

test-browser: .venv/browser
	@command -v chromium chromium-browser google-chrome >/dev/null || { echo 'make test-browser needs Chromium: install the package chromium of your system'; exit 1; }
	$(MAKE) --no-print-directory site
	$(BIN)/python -m pytest -n $(WORKERS) -m browser tests

# The same with live lessons, and a notebook in JupyterLab: 200 MB to fetch, once, and a quarter of an hour.
test-live: .venv/browser .venv/notebook
	$(MAKE) --no-print-directory live
	$(BIN)/python -m pytest -n $(WORKERS) -m browser tests

bench-gpu: .venv/bench .venv/gpu-cuda$(CUDA)
	$(BIN)/python benchmarks/gpu.py

bench: .venv/bench
	$(BIN)/python benchmarks/all.py --out benchmarks/results/bench.md

# The peers have environments of their own; geomstats needs an older NumPy than the others.
.venv/peers/ready: $(READY)
	$(PYTHON) -m venv --clear .venv/peers
	.venv/peers/bin/python -m pip install --quiet --editable '.[peers]'
	touch $@

.venv/geomstats/ready: $(READY)
	$(PYTHON) -m venv --clear .venv/geomstats
	.venv/geomstats/bin/python -m pip install --quiet --editable . 'geomstats>=2.8' 'numpy<2.4' mpmath
	touch $@

scoreboard: .venv/peers/ready .venv/geomstats/ready
	.venv/peers/bin/python benchmarks/scoreboard.py measure --out .venv/peers/part.json
	.venv/geomstats/bin/python benchmarks/scoreboard.py measure --out .venv/geomstats/part.json geomstats_sphere findings
	.venv/peers/bin/python benchmarks/scoreboard.py write .venv/peers/part.json .venv/geomstats/part.json

test-gpu: .venv/gpu-cuda$(CUDA)
	$(BIN)/python -m pytest -m gpu

# A wheel, installed into an empty environment, imports and runs its doctests.
wheel: $(READY)
	rm -rf dist .venv/wheel
	$(BIN)/python -m build --quiet --wheel --outdir dist .
	$(PYTHON) -m venv .venv/wheel
	.venv/wheel/bin/python -m pip install --quiet dist/*.whl
	.venv/wheel/bin/python -I tests/installed.py

clean:
	rm -rf .venv dist site jupyter_execute $(OUT)
