# Everything here needs only `make` and Python 3.10 or newer; each target makes what it needs.
#
#   make demo     train a small network on real digits, draw what it learned
#   make test     run the tests                   (ARGS="-k digits" passes options to pytest)
#   make lint     check the style and who imports whom
#   make parity   run the original Keras versions, compare hornbeam with them
#   make fuzz     damage 10,000 model files, kill 100 saves: nothing may crash, hang or be lost
#   make bench    measure hornbeam and its peers side by side
#   make clean    remove everything that these targets made
#
# pip reads its own settings: PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS and so on.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test lint fuzz parity oracles bench peers clean

BIN := .venv/bin
PIP := -m pip install --quiet --disable-pip-version-check
ARGS ?=

# The first Python on the path that is new enough and can make environments.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	$$name -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
	&& command -v $$name && break; done)

help:
	@sed -n '3,10s/^# *//p' Makefile

demo: .venv/demo.ready
	@$(BIN)/hornbeam run examples/digits_cnn.py $(ARGS)

test: .venv/test.ready
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

lint: .venv/test.ready
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo

fuzz: .venv/test.ready
	@$(BIN)/python -m tests.security.fuzz $(ARGS)
	@$(BIN)/python -m tests.security.kill_saves

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.10 or newer with the venv module was found." \
		"Install one, or name it: make demo PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv .venv

# One environment; `demo` and `test` add what they need. Sources are used where they stand.
.venv/%.ready: pyproject.toml setup.py $(wildcard hornbeam/kernels/native/*) | $(BIN)/python
	@echo "Installing hornbeam and what its $* needs into .venv ..."
	@$(BIN)/python $(PIP) --editable '.[$*]'
	@touch $@

# The originals, each in an environment of its own. An oracle that is installed elsewhere is named
# by HORNBEAM_TF_KERAS_PYTHON or HORNBEAM_KERAS231_PYTHON.
parity: .venv/test.ready oracles
	@$(BIN)/python -m tests.parity.regenerate $(ARGS)

TF_KERAS_READY := $(if $(HORNBEAM_TF_KERAS_PYTHON),,.oracles/tf_keras.ready)
KERAS231_READY := $(if $(HORNBEAM_KERAS231_PYTHON),,.oracles/keras-2.3.1.ready)
oracles: $(TF_KERAS_READY) $(KERAS231_READY)

TENSORFLOW := tensorflow-cpu==2.21.*
# tf_keras asks for `tensorflow`, whose wheels are twice as large; `tensorflow-cpu` does as well.
TF_KERAS := --no-deps tf_keras==2.21.*

.oracles/tf_keras.ready:
	@echo "Installing the oracle tf_keras 2.21 into .oracles ..."
	@$(PYTHON) -m venv --clear .oracles/tf_keras
	@.oracles/tf_keras/bin/python $(PIP) '$(TENSORFLOW)' 'keras==3.15.*'
	@.oracles/tf_keras/bin/python $(PIP) $(TF_KERAS)
	@touch $@

# Keras 2.3.1 runs on TensorFlow 1.15, and that on Python 3.7; without one it is left out.
PYTHON37 ?= $(shell for name in python3.7 "$$(pyenv root 2>/dev/null)"/versions/3.7.*/bin/python; do \
	$$name -c 'import ensurepip' 2>/dev/null && command -v $$name && break; done)

.oracles/keras-2.3.1.ready:
	@if test -z "$(PYTHON37)"; then \
		echo "No Python 3.7 was found: the oracle Keras 2.3.1 is left out."; \
	else \
		echo "Installing the oracle Keras 2.3.1 into .oracles ..." && \
		$(PYTHON37) -m venv --clear .oracles/keras-2.3.1 && \
		.oracles/keras-2.3.1/bin/python $(PIP) --upgrade 'pip<24.1' && \
		.oracles/keras-2.3.1/bin/python $(PIP) keras==2.3.1 tensorflow==1.15.5 numpy==1.17.5 \
			scipy==1.4.1 h5py==2.10.0 'protobuf<3.21' pillow && \
		touch $@; \
	fi

# The peers of the benchmarks; HORNBEAM_PEERS_PYTHON names an environment that has them already.
# PyTorch's wheels for Linux bring CUDA along; with PyTorch's own CPU index in PIP_EXTRA_INDEX_URL
# they are a fraction of the size.
bench: .venv/test.ready peers
	@$(BIN)/python -m benchmarks $(ARGS)

peers: $(if $(HORNBEAM_PEERS_PYTHON),,.peers/ready) $(KERAS231_READY)

.peers/ready:
	@echo "Installing the peers (TensorFlow, tf_keras, Keras 3, PyTorch) into .peers ..."
	@$(PYTHON) -m venv --clear .peers
	@.peers/bin/python $(PIP) '$(TENSORFLOW)' 'keras==3.15.*' jax torch
	@.peers/bin/python $(PIP) $(TF_KERAS)
	@touch $@

clean:
	rm -rf .venv .oracles .peers build dist *.egg-info .pytest_cache .ruff_cache .hypothesis \
		.import_linter_cache digits_cnn.png
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
