# vNode: everything from a fresh Debian machine with Swift. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# sudo drops the caller's PATH.
export PATH := $(PATH):/opt/swift/usr/bin:/usr/local/swift/usr/bin:/usr/local/bin:/usr/sbin:/sbin
PREFIX ?= /usr/local
KERNEL ?= 6.12
MINUTES ?= 10
SECONDS_EACH ?= 60
SUITE ?= trixie
VNODE_BIN ?= .build/release
export VNODE_BIN

# The Swift runtime is linked in: the binaries need glibc 2.36 and nothing else.
RELEASE := -c release --static-swift-stdlib
PROGRAMS := vnode vnode-fs vnode-runtime vnode-init vnode-conformance vnode-load vnode-adversary

PACKAGES := libfuse3-dev libseccomp-dev libcap-dev fuse3 pkg-config gcc libc6-dev runc procps util-linux iproute2 python3-minimal
# What the benchmarks compare with, and what builds and boots the test machines.
TEST_PACKAGES := python3 lxcfs dash busybox-static mmdebstrap debian-archive-keyring qemu-system-x86 e2fsprogs cpio xz-utils kmod

.PHONY: help setup setup-test build demo test test-unit test-host test-vm test-audit test-life test-e2e test-e2e-native test-policies attacks chaos fuzz bench bench-vm bench-render docs fmt check install uninstall clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the Debian packages building and running needs (root)
	@Tests/install $(PACKAGES)

setup-test: setup
	@Tests/install $(TEST_PACKAGES)

build: ## Build the release binaries
	swift build $(RELEASE) --product vnode
	swift build $(RELEASE) --product vnode-fs
	swift build $(RELEASE) --product vnode-runtime
	swift build -c release --product vnode-init
	swift build $(RELEASE) --product vnode-conformance
	swift build $(RELEASE) --product vnode-load
	swift build $(RELEASE) --product vnode-adversary

demo: setup build ## Run a command in a vNode and show node and vNode side by side (root)
	@Tests/Host/demo

test: setup-test build ## Run every test: unit, host, VM with kernels 6.12 and 6.1 (root)
	@Tests/all

test-unit: ## Run the unit tests (no root needed)
	swift test

test-host: build ## Run the privileged suites on this machine, attacks from within vNodes among them (root)
	$(VNODE_BIN)/vnode-conformance
	Tests/Host/runtime/suite
	$(VNODE_BIN)/vnode-adversary drive

test-vm: build ## Run the suite with real cgroup limits in a VM: KERNEL=6.1|6.12 (root)
	Tests/VM/suite $(KERNEL)

test-audit: setup-test build ## Audit vNodes with limits, runc and lxcfs in a VM: KERNEL=6.1|6.12; minutes (root)
	Tests/VM/suite $(KERNEL) slow-audit

test-life: setup-test build ## What people do as root of a machine, in a VM: cron, sshd, volumes, engines; KERNEL=6.1|6.12; minutes (root)
	Tests/VM/suite $(KERNEL) 'slow-@(files|life|engines|podman|unshare)'
	Tests/VM/suite forky slow-engines

test-e2e: setup-test build ## Run pods against containerd 1.7 and 2.x in VMs with kernels 6.12, 6.1 and 7.x (root)
	@Tests/E2E/all

test-policies: ## Evaluate the admission policies of manifests over pods, with cel-python in an environment of its own (network)
	[ -x .build/policies/bin/python ] || python3 -m venv .build/policies
	.build/policies/bin/pip install --quiet cel-python PyYAML
	.build/policies/bin/python Tests/Manifests/policies

test-e2e-native: setup-test build ## The same pods on this machine's kernel, in minutes, but for limits and systemd (root)
	Tests/E2E/native 1.7
	Tests/E2E/native 2.1
	Tests/E2E/native --pods per-pod 1.7
	Tests/E2E/native --pods per-pod 2.1

chaos: build ## Read vNodes for MINUTES=10 while workers are killed and vNodes come and go (root)
	$(VNODE_BIN)/vnode-load chaos --minutes $(MINUTES)

fuzz: ## Fuzz what reads hostile input: SECONDS_EACH=60 a target (no root needed)
	@SECONDS_EACH=$(SECONDS_EACH) Fuzz/run

bench: setup-test build ## Measure against native procfs, a do-nothing FUSE server and lxcfs (root)
	@Benchmarks/run

bench-vm: setup-test build ## Measure in a VM with real limits and a newer lxcfs: SUITE=trixie|forky (root)
	@Benchmarks/vm $(SUITE)

bench-render: ## Measure what one answer costs the daemon, without FUSE (no root needed)
	swift run -c release render-benchmark

attacks: setup-test build ## Attack from within vNodes here and in VMs, and make docs/reference/attacks.md of what came of it (root)
	Tests/attacks docs/reference/attacks.md.new
	mv docs/reference/attacks.md.new docs/reference/attacks.md

docs: ## Generate docs/reference from the table
	swift run vnode-fs paths --format markdown >docs/reference/paths.md.new
	mv docs/reference/paths.md.new docs/reference/paths.md
	swift run vnode-fs syscalls >docs/reference/syscalls.md.new
	mv docs/reference/syscalls.md.new docs/reference/syscalls.md

fmt: ## Format the sources
	swift format format --in-place --recursive --parallel Sources Tests Package.swift Benchmarks/latency Benchmarks/render Benchmarks/Package.swift Fuzz/Sources

check: ## Check formatting and shell scripts
	swift format lint --strict --recursive --parallel Sources Tests Package.swift Benchmarks/latency Benchmarks/render Benchmarks/Package.swift Fuzz/Sources
	git grep -lIE '^#!.*(bash|/sh)$$' | xargs -r -n 1 bash -n

install: build ## Install binaries and the systemd unit below PREFIX (root)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)/etc/systemd/system
	install -m 0755 $(addprefix $(VNODE_BIN)/,vnode vnode-fs vnode-runtime vnode-init) $(DESTDIR)$(PREFIX)/bin
	sed 's|/usr/local/bin|$(PREFIX)/bin|' manifests/vnode-fs.service > $(DESTDIR)/etc/systemd/system/vnode-fs.service

uninstall: ## Remove what install put there (root)
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,vnode vnode-fs vnode-runtime vnode-init) $(DESTDIR)/etc/systemd/system/vnode-fs.service

clean: ## Remove build products
	rm -rf .build .build-fuzz Benchmarks/.build
