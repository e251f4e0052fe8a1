# SPDX-License-Identifier: GPL-3.0-or-later
# What the project is checked with. Included by the Makefile.
#
# A test program links the archives whose headers it includes, and common.

PYTEST := /usr/bin/python3 -m pytest
# Five seconds of every worker are saved by what pytest makes of a test once.
export PYTHONDONTWRITEBYTECODE :=
# A file of tests is one worker's: its fixtures are made once. Of their time
# they wait more than half, so four of them keep two processors busy.
WORKERS := -n 4 --dist loadfile
EVERYTHING := tests --ignore=tests/bench --ignore=tests/vm
FUZZ_SECONDS ?= 60
# Of who has not said how many at once: as many as there are processors.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
CCACHE := $(if $(shell command -v ccache),ccache )
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
PLAIN_ARGS = $(JOBS) --no-print-directory BUILD=build CC="$(CCACHE)$(CC)"
# Thousands of its processes are started: at fixed addresses there is less to
# relocate. Names of variables in a debugger would be a seventh of its making.
ASAN_ARGS = $(JOBS) --no-print-directory BUILD=build/asan \
	CC="$(CCACHE)$(CC)" HARDEN="-fstack-protector-strong -fno-pie" \
	HARDEN_LD="-no-pie -Wl,-z,noexecstack" CFLAGS="-O1 -g1 $(SANITIZE)"
CLANG_ARGS = $(JOBS) --no-print-directory BUILD=build/clang \
	CC="$(CCACHE)clang"
FUZZ_CC ?= clang-14
FUZZ_ARGS = $(JOBS) --no-print-directory BUILD=build/fuzz \
	CC="$(CCACHE)$(FUZZ_CC)" HARDEN=-fPIE \
	CFLAGS="-O1 -g -fsanitize=fuzzer-no-link $(SANITIZE)"

UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,\
	$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAYS := $(FUZZERS:$(BUILD)/fuzz_%=$(BUILD)/replay_%)
TOOLS := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/net/*.c \
	tests/golden/*.c))
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,\
	$(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))

# --- test programs ---------------------------------------------------------
# All of it asked once: FILE@FOLDER for each folder that a file includes from.
INCLUDED := $(shell grep -Eos '^.include "(portal|netctl|cli|hub)/' tests/*/*.c | \
	sed -e 's|:.include "|@|' -e 's|/$$||' | sort -u)
uses = $(filter $(2)@$(1),$(INCLUDED))
archives = $(foreach a,hub portal netctl cli,\
	$(if $(call uses,$(a),$(1))$(and $(filter portal,$(a)),$(call uses,hub,$(1))),\
	$(BUILD)/lib$(a).a)) $(BUILD)/libcommon.a
test_pkgs = $(COMMON_PKGS) \
	$(if $(findstring /unit/,$(1)),cmocka) \
	$(if $(findstring test_sha256,$(1)),libcrypto) \
	$(if $(findstring golden/jshn,$(1)),json-c) \
	$(if $(findstring bench/logins,$(1)),openssl) \
	$(if $(call uses,netctl,$(1)),$(NETCTL_PKGS)) \
	$(if $(call uses,portal,$(1))$(call uses,hub,$(1)),$(PORTAL_PKGS)) \
	$(if $(call uses,cli,$(1)),$(CLI_PKGS))

# Of a hundred programs for tests half of the linking is saved by a linker that
# is quicker and beside the first in binutils; what is shipped is not linked by it.
TEST_LD = $(if $(findstring -linux-,$(CC))$(findstring musl,$(CC)),,\
	$(if $(shell command -v ld.gold),-fuse-ld=gold))

# $(1): program, $(2): its source, $(3): linker options and objects
define test_program
$(1): $(BUILD)/$(2:.c=.o) $(filter %.o,$(3)) $(call archives,$(2))
	@mkdir -p $$(@D)
	$$(call say,LD)$$(link) $$(TEST_LD) $(filter-out %.o,$(3)) -o $$@ $$^ $$(call pkg_libs,$(sort $(call test_pkgs,$(2)))) -lm
endef
NOSYNC := $(BUILD)/tests/unit/nosync.o
# Those of the controller bring their own kernel.
KERNEL = $(if $(findstring /test_control_,$(1)),$(addprefix \
	$(BUILD)/tests/unit/,kernel.o kernel_nft.o kernel_rtnl.o))
$(foreach p,$(UNITS),$(eval $(call test_program,$(p),\
	tests/unit/$(notdir $(p)).c,$(NOSYNC) $(call KERNEL,$(p)))))
$(foreach p,$(FUZZERS),$(eval $(call test_program,$(p),\
	tests/fuzz/$(notdir $(p)).c,-fsanitize=fuzzer)))
$(foreach p,$(REPLAYS),$(eval $(call test_program,$(p),\
	$(p:$(BUILD)/replay_%=tests/fuzz/fuzz_%.c),$(BUILD)/tests/fuzz/replay.o)))
$(foreach p,$(TOOLS),$(eval $(call test_program,$(p),\
	$(p:$(BUILD)/%=tests/%.c),$(NOSYNC))))
$(foreach p,$(BENCHES),$(eval $(call test_program,$(p),\
	tests/bench/$(notdir $(p)).c,)))

# Asked for when a test is compiled, so that a build without tests needs none.
# What they put in the place of a library's function is for libraries to see.
$(BUILD)/tests/%.o: EXTRA = -fvisibility=default $(call pkg_cflags,\
	$(sort $(NETCTL_PKGS) $(PORTAL_PKGS)))

units: $(UNITS)
fuzzers: $(FUZZERS)
replays: $(REPLAYS)
tools: $(TOOLS)
benches: $(BENCHES)

# --- what is called --------------------------------------------------------
# What they are made of, and what runs where: tests/README.md.
# AREA: a file as pytest takes it, or a part of names: portal/voucher.
AREA ?=
MARKED := -m "not full"

deps:
	tests/deps check
deps-lint:
	tests/deps build lint

root:
	@test "$$(id -u)" = 0 || { echo "this target needs root: sudo make \
	$(MAKECMDGOALS)" >&2; exit 1; }

check: root
	@tests/deps $(if $(AREA),build check,check)
	@tests/owned $(MAKE) --no-print-directory checked

# The networks with the programs as they are shipped, which halves what they
# cost; all else, and an area, with sanitizers; in check-ci the networks, too.
checked: check-build
	STADTTOR_BUILD=build/asan $(if $(AREA),,STADTTOR_NET=build) $(PYTEST) \
		$(if $(AREA),-v $$(tests/area "$(AREA)"), \
		-q $(MARKED) $(WORKERS) $(EVERYTHING))

# Tests of networks cut off the one that npm needs, so it comes before; and
# while it loads, what needs none of it is looked at.
check-build:
	$(MAKE) $(JOBS) -Otarget --no-print-directory web browser-deps \
		$(if $(AREA),,lint compiled-tests)
	$(MAKE) $(PLAIN_ARGS) all tools
	$(MAKE) $(ASAN_ARGS) all units tools replays

# So that four workers need not, all at once.
compiled-tests:
	@said=$$($(PYTEST) -q --collect-only $(EVERYTHING) 2>&1) || \
		{ echo "$$said"; exit 1; }

check-full: root
	@tests/deps full
	@tests/owned $(MAKE) --no-print-directory checked-full

checked-full: check-build full-build
	$(MAKE) $(PLAIN_ARGS) build/unit/test_usage_sensitivity
	STADTTOR_BUILD=build/asan STADTTOR_NET=build \
		FUZZ_SECONDS=$(FUZZ_SECONDS) \
		$(PYTEST) -q $(WORKERS) $(EVERYTHING)
	$(sanitized_networks)

sanitized_networks = STADTTOR_BUILD=build/asan \
	$(PYTEST) -q $(MARKED) $(WORKERS) tests/net

full-build:
	$(MAKE) $(CLANG_ARGS) all units tools
	$(MAKE) $(FUZZ_ARGS) fuzzers

# What .ci/run adds: the networks with sanitizers; what is marked of them, of
# the dashboard and of LuCI with the programs as they are shipped, and the
# fuzzers.
check-ci: root
	@tests/deps full
	@tests/owned $(MAKE) --no-print-directory -k checked-ci

checked-ci: ci-networks ci-marked
ci-networks: full-build
	$(sanitized_networks)
ci-marked: full-build
	STADTTOR_BUILD=build FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTEST) -q \
		-m full $(WORKERS) tests/net tests/fuzz \
		tests/browser/test_dashboard.py tests/openwrt/test_luci.py \
		--deselect net/test_deb.py::test_the_same_bytes_each_time \
		--deselect net/test_clients.py::test_firefox

check-unit:
	@tests/deps unit
	$(MAKE) $(PLAIN_ARGS) all units tools replays
	STADTTOR_BUILD=$(BUILD) STADTTOR_PLAIN=$(BUILD) $(PYTEST) -q \
		-m "not full and not root" $(WORKERS) \
		$(if $(AREA),$$(tests/area "$(AREA)"), \
		tests/unit tests/golden tests/fuzz \
		tests/openwrt/test_package.py tests/openwrt/test_init.py \
		tests/openwrt/test_setup.py tests/openwrt/test_ubus_events.py \
		tests/openwrt/test_ubus_aliases.py \
		tests/test_build.py tests/test_house.py --deselect \
		golden/test_voucher_cli.py::test_a_camera_reads_it --deselect \
		openwrt/test_package.py::test_a_feed_is_ready_for_an_sdk)

# The same C for other word sizes and byte orders, under qemu-user.
CROSS ?= i386 mipsel s390x arm64
cross: root
	@tests/deps build check cross
	tests/owned tests/cross/run $(CROSS)

# What RADIUS, OpenID Connect and a city weigh on a small router.
size: root
	@tests/deps build cross
	tests/owned tests/cross/size

# Opt-in: Zig from npm, libraries from Debian's sources, a quarter of an hour.
cross-mips:
	tests/cross/mips

# What needs a kernel with everything: Wi-Fi, flow tables, fq_codel, VLANs.
vm: root
	@tests/deps check vm
	$(MAKE) $(PLAIN_ARGS) all
	tests/vm/kernel build/vm-kernel
	STADTTOR_BUILD=$(BUILD) STADTTOR_PLAIN=$(BUILD) tests/vm/boot \
		build/vm-kernel $(PYTEST) -q tests/vm

# Packets a second where the kernel has flow tables.
vm-bench: root
	@tests/deps build bench vm
	$(MAKE) $(PLAIN_ARGS) all tools benches
	tests/vm/kernel build/vm-kernel
	STADTTOR_BUILD=$(BUILD) VM_MEMORY=4096 tests/vm/boot build/vm-kernel \
		sh -c 'modprobe nf_conntrack && tests/bench/run forward'

check-musl:
	tests/cross/musl $(BUILD)/musl $(ours)

# What docs/privacy.md promises, proved on the real kernel.
check-privacy: root
	@tests/deps check
	$(MAKE) $(PLAIN_ARGS) all units tools
	STADTTOR_BUILD=build STADTTOR_PLAIN=build tests/owned $(PYTEST) -v \
		tests/net/test_canary.py tests/net/test_privacy.py \
		tests/net/test_usage.py tests/net/test_dns_full.py \
		tests/net/test_voucher.py tests/unit/test_usage_model.py \
		tests/unit/test_noise.py tests/unit/test_usage_sensitivity.py \
		tests/test_leaving.py \
		"tests/unit/test_units.py::test_unit[test_usage_closing]" \
		"tests/unit/test_units.py::test_unit[test_ledger]" \
		"tests/unit/test_units.py::test_unit[test_portal_voucher]" \
		"tests/unit/test_units.py::test_unit[test_privs]" \
		"tests/unit/test_units.py::test_unit[test_wallclock]"

fuzz: root
	@tests/deps full
	$(MAKE) $(FUZZ_ARGS) fuzzers
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/owned $(PYTEST) -q -n 2 --dist load \
		tests/fuzz -k test_fuzz

bench: root
	@tests/deps check bench
	$(MAKE) $(PLAIN_ARGS) all tools benches
	tests/bench/run

bench-city: root
	@tests/deps check
	$(MAKE) $(PLAIN_ARGS) all
	tests/bench/city

# The citizens' pages in a browser; pictures of all of them for people.
pages: all browser-deps
	STADTTOR_BUILD=$(BUILD) node tests/browser/pages.mjs --pictures \
		$(BUILD)/pages
	STADTTOR_BUILD=$(BUILD) $(PYTEST) -q tests/browser/test_pages.py

demo: root
	@tests/deps demo
	@AUTO=$(AUTO) MAKE="$(MAKE)" tests/owned tests/demo/start run

demo-city: root
	@tests/deps demo-city
	@AUTO=$(AUTO) MAKE="$(MAKE)" tests/owned tests/demo/start city

# --- style -----------------------------------------------------------------
C_FILES = $(filter-out %.bpf.c,$(shell git ls-files '*.c' '*.h'))
MAN_PAGES = $(wildcard */*.[1-9])
SCRIPTS = $(shell git ls-files -z ':!*Makefile' | xargs -0 grep -lE \
	'^\#!/(bin/sh|bin/bash|usr/bin/env (ba)?sh)' --)

lint: lint-format lint-c lint-sh lint-man lint-js lint-html

lint-format:
	clang-format --dry-run -Werror $(C_FILES)
# Uninitialised values are left to the compilers and sanitizers, which do not
# take an array's address for its value; p->op = realloc(p->op) is no leak. One
# job, for two are a process a file, and take more than twice as much; what it
# then adds of calls across files takes what is filled in for uninitialised.
# What has not changed is not read again.
lint-c:
	@mkdir -p build/cppcheck
	cppcheck --quiet --cppcheck-build-dir=build/cppcheck --error-exitcode=1 --inline-suppr --std=c11 \
		--enable=warning,portability,performance -I. -D_GNU_SOURCE \
		-D'VERSION="0"' --suppress=missingIncludeSystem \
		--include=$(firstword $(wildcard /usr/include/sys/queue.h \
		/usr/include/*/sys/queue.h)) \
		--suppress=uninitvar --suppress=ctuuninitvar \
		--suppress=ctunullpointer --suppress=memleak:portal/pages/page.c \
		$(filter %.c,$(C_FILES))
lint-sh:
	if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS) \
		openwrt/stadttor/files/stadttor.defaults \
		tests/openwrt/stubs/rc.common; fi
lint-man:
	for page in $(MAN_PAGES); do mandoc -Tlint -W warning $$page || exit; done
# LuCI's own rules for what runs in LuCI, others for all other scripts.
ESLINT := tests/openwrt/node_modules/.bin/eslint --max-warnings=0 \
	--no-warn-ignored --config
lint-js: browser-deps
	$(ESLINT) tests/openwrt/luci/eslint.config.mjs openwrt/luci-app-stadttor
	$(ESLINT) tests/openwrt/eslint.config.mjs $(shell git ls-files '*.mjs' \
		'web/admin/*.js' 'web/hub/*.js')
# What the portal makes of web/pages is seen by tests/browser/test_pages.py.
lint-html: browser-deps
	tests/browser/node_modules/.bin/html-validate --config \
		tests/browser/htmlvalidate.json web/admin/index.html web/admin/login.html

format:
	clang-format -i $(C_FILES)

# The option lists of stadttor.conf(5) come from the option tables.
docs: $(BUILD)/golden/document
	tests/golden/manpage --write $<
	openwrt/luci-app-stadttor/options.py --write

help:
	@sed -n 's/^| *//p' tests/help.txt

.PHONY: pages units fuzzers replays tools benches deps deps-lint root check \
	checked check-build compiled-tests check-full checked-full full-build \
	check-ci checked-ci ci-networks ci-marked check-unit vm vm-bench size \
	cross cross-mips check-musl check-privacy fuzz bench demo demo-city \
	lint lint-format lint-c lint-sh lint-man lint-js lint-html format docs help
