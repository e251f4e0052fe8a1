# SPDX-License-Identifier: GPL-3.0-or-later
# What the project is checked with. Included by the Makefile.
#
# A test program links the archives whose headers it includes, and common.

PYTEST := /usr/bin/python3 -m pytest
FUZZ_SECONDS ?= 60
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
ASAN_ARGS := BUILD=build/asan HARDEN="-fstack-protector-strong -fPIE" \
	CFLAGS="-O1 -g $(SANITIZE)"
CLANG_ARGS := BUILD=build/clang CC=clang
FUZZ_CC ?= clang-14
FUZZ_ARGS := BUILD=build/fuzz CC=$(FUZZ_CC) HARDEN=-fPIE \
	CFLAGS="-O1 -g -fsanitize=fuzzer-no-link $(SANITIZE)"

UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,\
	$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
TOOLS := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/net/*.c \
	tests/golden/*.c))
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,\
	$(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))

# --- test programs ---------------------------------------------------------
uses = $(shell grep -qs '^\#include "$(1)/' $(2) && echo yes)
archives = $(foreach a,portal netctl cli,\
	$(if $(call uses,$(a),$(1)),$(BUILD)/lib$(a).a)) $(BUILD)/libcommon.a
test_pkgs = cmocka $(COMMON_PKGS) \
	$(if $(call uses,netctl,$(1)),$(NETCTL_PKGS)) \
	$(if $(call uses,portal,$(1)),$(PORTAL_PKGS)) \
	$(if $(call uses,cli,$(1)),$(CLI_PKGS))

# $(1): program, $(2): its source, $(3): linker options
define test_program
$(1): $(BUILD)/$(2:.c=.o) $(call archives,$(2))
	@mkdir -p $$(@D)
	$$(link) $(3) -o $$@ $$^ $$(call pkg_libs,$(sort $(call test_pkgs,$(2)))) -lm
endef
$(foreach p,$(UNITS),$(eval $(call test_program,$(p),\
	tests/unit/$(notdir $(p)).c,)))
$(foreach p,$(FUZZERS),$(eval $(call test_program,$(p),\
	tests/fuzz/$(notdir $(p)).c,-fsanitize=fuzzer)))
$(foreach p,$(TOOLS),$(eval $(call test_program,$(p),\
	$(p:$(BUILD)/%=tests/%.c),)))
$(foreach p,$(BENCHES),$(eval $(call test_program,$(p),\
	tests/bench/$(notdir $(p)).c,)))

ifneq ($(wildcard tests/*/*.c),)
$(BUILD)/tests/%.o: EXTRA := $(call pkg_cflags,\
	$(sort cmocka $(NETCTL_PKGS) $(PORTAL_PKGS)))
endif

units: $(UNITS)
fuzzers: $(FUZZERS)
tools: $(TOOLS)
benches: $(BENCHES)

# --- what is called --------------------------------------------------------
deps:
	tests/deps build test cross
deps-bench: deps
	tests/deps bench
deps-lint:
	tests/deps build lint

root:
	@test "$$(id -u)" = 0 || { echo "this target needs root: sudo make \
	$(MAKECMDGOALS)" >&2; exit 1; }

check: root
	$(MAKE) deps
	$(MAKE) check-build
	STADTTOR_BUILD=build/asan FUZZ_SECONDS=$(FUZZ_SECONDS) \
		$(PYTEST) -q tests --ignore=tests/bench \
		--ignore=tests/vm -p no:cacheprovider

# Tests of networks cut off the one that npm needs, so it comes before.
check-build: web browser-deps
	$(MAKE) BUILD=build all units tools
	$(MAKE) $(CLANG_ARGS) all units tools
	$(MAKE) $(ASAN_ARGS) all units tools
	$(MAKE) $(FUZZ_ARGS) fuzzers

check-unit: all units tools
	STADTTOR_BUILD=$(BUILD) STADTTOR_PLAIN=$(BUILD) $(PYTEST) -q \
		tests/unit tests/golden tests/openwrt/test_package.py \
		tests/openwrt/test_init.py tests/openwrt/test_setup.py \
		tests/openwrt/test_ubus_events.py \
		tests/test_build.py -p no:cacheprovider

# The same C for other word sizes and byte orders, under qemu-user.
CROSS ?= i386 mipsel s390x arm64
cross: root
	$(MAKE) deps
	tests/cross/run $(CROSS)

# Opt-in: Zig from npm, libraries from Debian's sources, a quarter of an hour.
cross-mips:
	tests/cross/mips

# What needs a kernel with everything: Wi-Fi, flow tables, fq_codel, VLANs.
vm: root
	$(MAKE) deps
	tests/deps vm
	$(MAKE) all
	tests/vm/kernel build/vm-kernel
	STADTTOR_BUILD=$(BUILD) STADTTOR_PLAIN=$(BUILD) tests/vm/boot \
		build/vm-kernel $(PYTEST) -q -p no:cacheprovider tests/vm

check-musl:
	tests/cross/musl $(BUILD)/musl $(ours)

# What docs/privacy.md promises, proved on the real kernel.
check-privacy: root
	$(MAKE) deps
	$(MAKE) all units tools
	STADTTOR_BUILD=build STADTTOR_PLAIN=build $(PYTEST) -p no:cacheprovider \
		-v tests/net/test_canary.py tests/net/test_privacy.py \
		tests/net/test_usage.py tests/unit/test_usage_model.py \
		"tests/unit/test_units.py::test_unit[test_ledger]" \
		"tests/unit/test_units.py::test_unit[test_wallclock]"

fuzz: root
	$(MAKE) $(FUZZ_ARGS) fuzzers
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTEST) -q tests/fuzz -p no:cacheprovider

bench: root
	$(MAKE) deps-bench
	$(MAKE) all tools benches
	tests/bench/run

# The citizens' pages in a browser; pictures of all of them for people.
pages: all browser-deps
	STADTTOR_BUILD=$(BUILD) node tests/browser/pages.mjs --pictures \
		$(BUILD)/pages
	STADTTOR_BUILD=$(BUILD) $(PYTEST) -q tests/browser/test_pages.py \
		-p no:cacheprovider

demo: root
	$(MAKE) deps
	$(MAKE) all tools
	AUTO=$(AUTO) tests/demo/run

# --- style -----------------------------------------------------------------
C_FILES = $(filter-out %.bpf.c,$(shell git ls-files '*.c' '*.h'))
MAN_PAGES = $(wildcard */*.[1-9])
SCRIPTS = $(shell git ls-files -z ':!*Makefile' | xargs -0 grep -lE \
	'^\#!/(bin/sh|bin/bash|usr/bin/env (ba)?sh)' --)

lint: lint-format lint-c lint-sh lint-man

lint-format:
	clang-format --dry-run -Werror $(C_FILES)
# Uninitialised values are left to the compilers and sanitizers, which do not
# take an array's address for its value; p->op = realloc(p->op) is no leak.
lint-c:
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
		--enable=warning,portability,performance -I. -D_GNU_SOURCE \
		-D'VERSION="0"' --suppress=missingIncludeSystem \
		--include=$(firstword $(wildcard /usr/include/sys/queue.h \
		/usr/include/*/sys/queue.h)) \
		--suppress=uninitvar --suppress=memleak:portal/page.c -j2 $(filter %.c,$(C_FILES))
lint-sh:
	if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS) \
		openwrt/stadttor/files/stadttor.defaults \
		tests/openwrt/stubs/rc.common; fi
lint-man:
	for page in $(MAN_PAGES); do mandoc -Tlint -W warning $$page || exit; done

format:
	clang-format -i $(C_FILES)

# The option lists of stadttor.conf(5) come from the option tables.
docs: $(BUILD)/golden/document
	tests/golden/manpage --write $<
	openwrt/luci-app-stadttor/options.py --write

help:
	@sed -n 's/^| *//p' tests/help.txt

.PHONY: pages units fuzzers tools benches deps deps-bench deps-lint root check \
	check-build check-unit vm cross cross-mips check-musl check-privacy fuzz bench demo \
	lint lint-format lint-c lint-sh \
	lint-man format docs help
