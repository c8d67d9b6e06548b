.DEFAULT_GOAL := help
.PHONY: run test chaos check format graph bench asan clean help

run: ## Set up, build a release and run everything on this machine
	@ops/setup.sh
	@swift build -c release --product flotilla
	@exec .build/release/flotilla up

test: ## Set up and run every test against private servers
	@ops/setup.sh --test
	@ops/test.sh

chaos: ## Break a fleet in many ways under load, and count what came of every message (CELLS=, ARGUMENTS=)
	@ops/setup.sh --test
	@swift build -c release --product flotilla
	@CELLS="$(CELLS)" /usr/bin/python3 Tests/Chaos --binary .build/release/flotilla $(ARGUMENTS)

check: ## Check the format and build everything, tests included
	@swift format lint --strict -r Sources Tests bench examples Package.swift
	@swift build --build-tests

format: ## Format the sources
	@swift format -i -r Sources Tests bench examples Package.swift

graph: ## Print the targets and what each depends on
	@ops/graph.py

bench: ## Compare with other frameworks and write bench/RESULTS.md
	@ops/setup.sh --bench
	@bench/run

asan: ## Run the integration tests under the address sanitizer
	@ops/setup.sh --test
	@ops/test.sh --asan

clean: ## Delete what was built; data in .flotilla stays
	@rm -rf .build

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
