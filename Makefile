# Everything a newcomer needs: `make demo` and `make test` set up what they need by themselves (tools/setup).
.DEFAULT_GOAL := help
.PHONY: help demo test engines lint kill worker-kills quota power-cut faults formats hostile maintenance-kills many-nodes garage traces deb bench bench-s3 bench-upload bench-listing clean

# The conformance scripts import one another; they leave no compiled files behind.
export PYTHONDONTWRITEBYTECODE := 1
PYTHON := .venv/bin/python

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## Start a server, upload a photo and a film, show their URLs (DEMO_EXIT=1: end by itself; PROFILE=dev: debug build)
	tools/setup build
	tools/demo

# What follows nextest uses the program that it has built; another build would differ in a feature of tokio, and take minutes.
test: ## Every test: Rust, the published client, the access matrix, a browser, races, kills, power cuts, faults, formats, hostile files, the demo
	tools/setup test
	cargo nextest run --workspace
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
	PROFILE=dev $(PYTHON) conformance/fsck.py
	PROFILE=dev ROUNDS=2 $(PYTHON) conformance/maintenance_kills.py
	PROFILE=dev ROUNDS=2 $(PYTHON) conformance/moving.py
	$(MAKE) engines
	packaging/check-dashboard
	python3 bench/scale/simulate.py --check
	PROFILE=dev $(PYTHON) packaging/check-nginx
	PROFILE=dev $(PYTHON) packaging/check-postgresql-guide
	BINARY=target/debug/strongroom packaging/test-deb
	PROFILE=dev DURATION=$${DURATION:-60} $(PYTHON) conformance/many_nodes.py
	STRONGROOM_BIN=$(CURDIR)/target/debug/strongroom DEMO_EXIT=1 tools/demo

engines: ## The end-to-end tests on PostgreSQL, on S3, and on both; fsck, backup and restore there; moves of rows and of bytes alone
	PROFILE=dev ROUNDS=3 $(PYTHON) conformance/on_engines.py postgres,disk sqlite,s3 postgres,s3 -- \
		published_client.py published_vault.py isolation.py direct_parts.py browser.py races.py kill_campaign.py
	PROFILE=dev MEDIA=80 $(PYTHON) conformance/on_engines.py postgres,s3 -- fsck.py
	PROFILE=dev OPERATION=backup ROUNDS=2 MEDIA=12 $(PYTHON) conformance/on_engines.py postgres,disk postgres,s3 -- maintenance_kills.py
	PROFILE=dev $(PYTHON) conformance/moving_in_steps.py

maintenance-kills: ## fsck, backup and move killed at random (ROUNDS=20, SEED=…)
	tools/setup test
	cargo build --package strongroom
	PROFILE=dev ROUNDS=$${ROUNDS:-20} $(PYTHON) conformance/maintenance_kills.py
	PROFILE=dev ROUNDS=$${ROUNDS:-20} $(PYTHON) conformance/moving.py

many-nodes: ## Three servers, two workers, PostgreSQL, S3 and nginx under 64 clients while they die (DURATION=600, SEED=…)
	tools/setup test
	cargo build --package strongroom
	PROFILE=dev DURATION=$${DURATION:-600} $(PYTHON) conformance/many_nodes.py

garage: ## The store's tests on Garage, which ignores conditional writes (BENCH_CARGO_ROOT=… where it is built already)
	tools/setup test
	STRONGROOM_TEST_GARAGE=$$(PYTHONPATH=bench python3 -c 'from harness import install; print(install.cargo("garage"))' | tail -n 1) \
		cargo nextest run --workspace -E 'package(strongroom-store) & test(/^garage::/)' --run-ignored only

traces: ## The tests of what is built only with `--features otlp`: spans reach a collector
	tools/setup test
	cargo nextest run --workspace --locked --features strongroom/otlp -E 'package(strongroom) & binary(telemetry)'

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

deb: ## The Debian package, into target/debian
	tools/setup build
	cargo build --release --package strongroom
	packaging/build-deb

bench: ## Side by side with nginx, rustus, @tus/server, SeaweedFS, Garage, sharp, libvips, ffmpeg (ONLY=upload-large, ROUNDS=5)
	tools/setup test
	bench/run

bench-s3: ## Memory of a node under 32 uploads of 1 GiB into S3; cost for each GiB and photo with 1, 2 and 3 nodes
	tools/setup test
	cargo build --release --package strongroom
	PROFILE=release $(PYTHON) tools/bench-s3

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
