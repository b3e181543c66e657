# Everything a newcomer needs: `make demo` and `make test` set up what they need by themselves (tools/setup).
.DEFAULT_GOAL := help
.PHONY: help demo test lint kill worker-kills quota power-cut faults formats hostile bench-upload bench-listing clean

# The conformance scripts import one another; they leave no compiled files behind.
export PYTHONDONTWRITEBYTECODE := 1
PYTHON := .venv/bin/python

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## Start a server, upload a photo and a film, show their URLs (DEMO_EXIT=1: end by itself; PROFILE=dev: debug build)
	tools/setup build
	tools/demo

test: ## Every test: Rust, the published client, the access matrix, a browser, races, kills, power cuts, faults, formats, hostile files, the demo
	tools/setup test
	cargo nextest run --workspace
	cargo build --package strongroom
	PROFILE=dev $(PYTHON) conformance/published_client.py
	PROFILE=dev $(PYTHON) conformance/published_vault.py
	PROFILE=dev $(PYTHON) conformance/isolation.py
	PROFILE=dev $(PYTHON) conformance/schemathesis_run.py
	PROFILE=dev $(PYTHON) conformance/browser.py
	PROFILE=dev $(PYTHON) conformance/races.py
	PROFILE=dev ROUNDS=$${ROUNDS:-10} $(PYTHON) conformance/kill_campaign.py
	PROFILE=dev ROUNDS=4 $(PYTHON) conformance/worker_kills.py
	PROFILE=dev ROUNDS=3 $(PYTHON) conformance/quota.py
	PROFILE=dev ROUNDS=2 $(PYTHON) conformance/power_cut.py
	PROFILE=dev $(PYTHON) conformance/faults.py
	PROFILE=dev SAMPLE=1 $(PYTHON) conformance/formats.py
	PROFILE=dev FILES=$${FILES:-400} $(PYTHON) conformance/hostile.py
	PROFILE=dev DEMO_EXIT=1 tools/demo

lint: ## Format, clippy, licences and bans
	tools/setup lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo deny --workspace check bans licenses sources

kill: ## The long kill campaign (ROUNDS=200, SEED=… to repeat one)
	tools/setup test
	cargo build --release --package strongroom
	PROFILE=release ROUNDS=$${ROUNDS:-200} $(PYTHON) conformance/kill_campaign.py

worker-kills: ## Workers killed or stopped while they render (ROUNDS=30, SEED=… to repeat one)
	tools/setup test
	cargo build --package strongroom
	PROFILE=dev ROUNDS=$${ROUNDS:-30} $(PYTHON) conformance/worker_kills.py

quota: ## 64 uploads that exceed a quota by one byte, with kills (ROUNDS=20, SEED=… to repeat one)
	tools/setup test
	cargo build --package strongroom
	PROFILE=dev ROUNDS=$${ROUNDS:-20} $(PYTHON) conformance/quota.py

power-cut: ## The long power-cut campaign on ext4 and xfs (ROUNDS=60, SEED=…); needs root and loop devices
	tools/setup test
	cargo build --release --package strongroom
	PROFILE=release ROUNDS=$${ROUNDS:-60} $(PYTHON) conformance/power_cut.py

faults: ## Full disks, failing syncs, a kill at each system call of a complete, stuck children; needs root, loop devices, strace
	tools/setup test
	cargo build --package strongroom
	PROFILE=dev $(PYTHON) conformance/faults.py

formats: ## Every format through a server, ffprobe, exiftool and Chromium (WRITE=1: write docs/reference/formats.md)
	tools/setup test
	cargo build --package strongroom
	PROFILE=dev $(PYTHON) conformance/formats.py

hostile: ## Every hostile file, other projects' bad ones, and mutants (MUTANTS=60 of each clip, SEED=…)
	tools/setup test
	cargo build --package strongroom
	PROFILE=dev $(PYTHON) conformance/hostile.py

bench-upload: ## What a complete costs at 10 MiB and 1 GiB, and the server's memory under 16 uploads of 256 MiB
	tools/setup build
	cargo build --release --package strongroom
	PROFILE=release tools/bench-upload

bench-listing: ## p50 and p99 of every kind of page and search over a million media (MEDIA=…)
	tools/setup build
	tools/bench-listing $${MEDIA:-1000000}

clean: ## Remove what was built and installed here
	cargo clean
	rm -rf .venv
