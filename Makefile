# SPDX-License-Identifier: GPL-3.0-or-later
# Stadttor. `make help` lists the targets.

VERSION := 0.2.0
PREFIX ?= /usr
SYSCONFDIR ?= /etc
DESTDIR ?=
BUILD ?= build

# 0: a portal that joins no city, and needs no hiredis. box: one that does, without
# what a city's server is set up with, and without the hub.
CITY ?= 1
without_city = $(filter 0,$(CITY))

CC ?= gcc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Werror -Wmissing-declarations -Wformat-nonliteral \
	-Wstrict-prototypes -Wshadow
HARDEN ?= -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
HARDEN_LD ?= -pie -Wl,-z,relro,-z,now,-z,noexecstack

COMMON_PKGS := libevent_core
NETCTL_PKGS := $(COMMON_PKGS) libnl-3.0 libnftnl libmnl
PORTAL_PKGS := $(COMMON_PKGS) libevent_extra libevent_openssl openssl json-c sqlite3 \
	libqrencode $(if $(without_city),,hiredis)
CLI_PKGS := json-c sqlite3 openssl libqrencode $(if $(without_city),,hiredis)

# One short line a step, with -s none; V=1 shows the commands.
silent := $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(V),,@$(if $(silent),,echo "  $(1)	$@"; ))
ours = $(CPPFLAGS) -I. -D_GNU_SOURCE \
	-D_FILE_OFFSET_BITS=64 -DVERSION='"$(VERSION)"' -std=gnu11 \
	$(WARN) $(HARDEN) -ffunction-sections -fdata-sections \
	-fvisibility=hidden $(CFLAGS)
link = $(CC) $(CFLAGS) $(HARDEN_LD) -Wl,--gc-sections -Wl,--as-needed $(LDFLAGS)
# A fresh machine, where `make demo` is to install it first, has none yet.
has_pkg_config := $(shell command -v $(PKG_CONFIG))
pkg_cflags = $(if $(has_pkg_config),$(shell $(PKG_CONFIG) --cflags $(1)))
pkg_libs = $(if $(has_pkg_config),$(shell $(PKG_CONFIG) --libs $(1)))

# What a city's server is set up with is not in a box.
on_box := $(addprefix cli/city/city_,join.c file.c put.c box.c)
left_out = $(if $(without_city),$(filter-out %/city_none.c %/city_box.c,\
	$(wildcard portal/city/*.c cli/city/*.c)),%/city_none.c \
	$(if $(filter box,$(CITY)),$(filter-out $(on_box),\
	$(wildcard cli/city/*.c)),%/city_box.c))
# Without accounts of RADIUS servers: make RADIUS=0
RADIUS ?= 1
ifeq ($(RADIUS),0)
left_out += $(filter-out %/radius_none.c,$(wildcard portal/radius/*.c))
else
ours += -DWITH_RADIUS
left_out += portal/radius/radius_none.c
endif
# Without accounts by OpenID Connect: make OIDC=0
OIDC ?= 1
left_out += $(if $(filter 0,$(OIDC)),$(filter-out %/oidc_none.c,\
	$(wildcard portal/oidc/*.c)),%/oidc_none.c)

objects = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c $(left_out),\
	$(wildcard $(1)/*.c $(1)/*/*.c)))

PROGRAMS := $(BUILD)/stadttor-netctl $(BUILD)/stadttor-portal $(BUILD)/stadttor \
	$(if $(filter 0 box,$(CITY)),,$(BUILD)/stadttor-hub)

all: $(PROGRAMS) web

# --- the programs ----------------------------------------------------
$(BUILD)/libcommon.a: $(call objects,common)
$(BUILD)/libnetctl.a: $(call objects,netctl)
$(BUILD)/libportal.a: $(call objects,portal)
$(BUILD)/libcli.a: $(call objects,cli)
$(BUILD)/libportal.a $(BUILD)/libcli.a: $(BUILD)/city
$(BUILD)/libhub.a: $(call objects,hub)
$(BUILD)/%.a:
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/netctl/%.o: EXTRA := $(call pkg_cflags,$(NETCTL_PKGS))
$(BUILD)/portal/%.o: EXTRA := $(call pkg_cflags,$(PORTAL_PKGS))
$(BUILD)/cli/%.o: EXTRA := $(call pkg_cflags,$(CLI_PKGS))
$(BUILD)/hub/%.o: EXTRA := $(call pkg_cflags,$(PORTAL_PKGS))
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ours) $(EXTRA) -MMD -MP -c -o $@ $<

$(BUILD)/city: FORCE
	@mkdir -p $(@D)
	@echo '$(CITY)' | cmp -s - $@ || echo '$(CITY)' >$@

# What says the version is made anew with it.
VERSIONED := $(patsubst %.c,$(BUILD)/%.o,$(shell grep -lwE 'VERSION' \
	netctl/*.c netctl/*/*.c portal/*.c portal/*/*.c cli/*.c cli/*/*.c \
	hub/*.c hub/*/*.c))
$(VERSIONED): $(BUILD)/version
$(BUILD)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

$(BUILD)/stadttor-netctl: $(BUILD)/netctl/main.o $(BUILD)/libnetctl.a $(BUILD)/libcommon.a
	$(call say,LD)$(link) -o $@ $^ $(call pkg_libs,$(NETCTL_PKGS)) -lm
# The command line and the portal are one file, see cli/main.c. It prints
# rulesets, so it borrows their writer, and nothing that speaks netlink; and
# open data of a city, for which it reads the hub's files.
$(BUILD)/stadttor: $(addprefix $(BUILD)/,cli/main.o portal/main.o libcli.a \
		$(addprefix netctl/rules/,ruleset.o ruleset_inet.o \
		ruleset_netdev.o ruleset_text.o ruleset_walk.o special_nets.o \
		walk.o) $(if $(filter 0 box,$(CITY)),,hub/config/hub_conf.o \
		hub/db/city_read.o) libportal.a libcommon.a)
	$(call say,LD)$(link) -o $@ $^ $(call pkg_libs,$(CLI_PKGS) $(PORTAL_PKGS)) -lm
# The city's server: what it needs of the portal, and no guests.
$(BUILD)/stadttor-hub: $(addprefix $(BUILD)/,hub/main.o libhub.a libportal.a \
		libcommon.a)
	$(call say,LD)$(link) -o $@ $^ $(call pkg_libs,$(PORTAL_PKGS)) -lm
$(BUILD)/stadttor-portal: $(BUILD)/stadttor
	ln -sf stadttor $@

-include $(wildcard $(BUILD)/*/*.d $(BUILD)/*/*/*.d)

include tests/tests.mk
include web/admin.mk
include install.mk

clean:
	rm -rf $(BUILD)

.PHONY: all clean FORCE
.DELETE_ON_ERROR:
