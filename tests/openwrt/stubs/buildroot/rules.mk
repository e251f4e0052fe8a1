# SPDX-License-Identifier: GPL-3.0-or-later
# What a package's Makefile finds of OpenWrt's rules.mk: the install commands
# have the modes that they have there.
INCLUDE_DIR := $(TOPDIR)
INSTALL_DIR := install -d -m0755
INSTALL_BIN := install -m0755
INSTALL_DATA := install -m0644
INSTALL_CONF := install -m0600
LN := ln -sf
CP := cp -fpR
SED := sed -i -e
