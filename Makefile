# Two commands for a newcomer: `make demo` and `make test`. The rest is for who stays.
# Each says what it installs before it installs it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

DEMO := pcaps/aa23-025a-campaign.pcap
BIN  := target/release/rmmwatch

.PHONY: help demo test test-full lint deny bench bench-analyst bench-feeds bench-fleet bench-instructions bench-linear bench-live bench-memory bench-names bench-delivery bench-spool bench-start names fuzz pcaps deps deps-test deps-deny clean

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: deps ## Build, replay the advisory's campaign, print alerts and a summary
	@cargo build --release --quiet
	@echo "--- $(DEMO): an office with authorised ScreenConnect in the VDI zone, and one victim"
	@$(BIN) replay --policy pcaps/aa23-025a-campaign.policy.toml --summary text $(DEMO)

test: deps-test ## Format, lints, licences and every test that fits in 20 minutes
	@./packaging/ci/test.sh

test-full: test ## The same and the long ones
	@./packaging/ci/test-full.sh

lint: ## Format and lints only
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets -- -D warnings

deny: deps-deny ## Licences, banned crates, sources
	@cargo deny --log-level error check licenses bans sources

bench: deps ## CPU per packet beside a bare libpcap loop and beside other sensors, on the same files, in one run
	@./packaging/bench/rate.py

bench-linear: deps ## What a packet costs with 1, 10 and 100 times as much of everything
	@./packaging/bench/linear.py

bench-live: deps ## The highest rate without loss over a veth pair, and CPU per packet there; needs root
	@./packaging/bench/live.py

bench-start: deps ## Milliseconds to the first packet, and memory under a flood of ten million flows
	@./packaging/bench/start.py

bench-analyst: deps ## Observations a second that one core weighs, and where the time goes
	@cargo bench --quiet --bench analyst

bench-instructions: deps ## Instructions per packet of each stage by callgrind, beside those that are kept
	@./packaging/bench/instructions.py

bench-memory: ## What the detector holds with every table full, and how long its state takes
	@cargo bench --quiet -p rmmwatch-detect --bench memory

bench-delivery: ## Alerts a second through the spool to a synced file, beside cat
	@cargo bench --quiet --bench delivery

bench-spool: ## Records a second into the spool and out of it, beside cat of the same octets
	@cargo bench --quiet -p rmmwatch-spool --bench spool

bench-names: ## Names judged per second on one core, the worst ones too, and what the tables hold
	@cargo bench --quiet -p rmmwatch-intel --bench look_alikes

bench-fleet: deps-test ## A day of 2,000 hosts into nats-server and out of it: messages, octets, disk, seconds
	@./packaging/bench/fleet.sh

names: ## Look-alikes and lures found, and false alerts, over the names in RMMWATCH_CORPUS; RMMWATCH_NAMES adds more
	@cargo test --quiet -p rmmwatch-intel --test names -- --nocapture --test-threads 1

bench-feeds: deps ## Four million indicators: seconds, peak memory, ns a look-up; a GiB of junk
	@./packaging/bench/feeds.sh

fuzz: deps ## Two minutes for each fuzz body: coverage-guided where cargo-fuzz is, else mutated samples
	@./packaging/fuzz.sh $${RMMWATCH_FUZZ_SECS:-120}

pcaps: ## Build the committed captures anew from their scenarios
	@for scene in pcaps/scenarios/*.toml; do \
	  cargo run --quiet -p rmmwatch-trafficgen -- build "$$scene" -o "pcaps/$$(basename "$${scene%.toml}").pcap"; \
	done

deps: ## What a build needs: a Rust toolchain, a C compiler, libpcap
	@./packaging/ci/deps.sh build

deps-test: ## What the tests need besides: tcpreplay, iproute2, python3, cargo-nextest, and peers to speak to
	@./packaging/ci/deps.sh test

deps-deny:
	@./packaging/ci/deps.sh deny

clean: ## Remove what was built
	@cargo clean
