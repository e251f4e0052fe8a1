# SPDX-License-Identifier: GPL-3.0-or-later
# Putting the programs into a system, and the source into a tarball.

INSTALL ?= install
bindir := $(PREFIX)/bin
sbindir := $(PREFIX)/sbin
libexecdir := $(PREFIX)/libexec/stadttor
datadir := $(PREFIX)/share/stadttor
mandir := $(PREFIX)/share/man
unitdir := $(PREFIX)/lib/systemd/system
sysusersdir := $(PREFIX)/lib/sysusers.d
tmpfilesdir := $(PREFIX)/lib/tmpfiles.d
sysctldir := $(PREFIX)/lib/sysctl.d
bashdir := $(PREFIX)/share/bash-completion/completions
# Where packages put it, on Debian.
zshdir := $(PREFIX)/share/zsh/$(if \
	$(filter /usr,$(PREFIX)),vendor-completions,site-functions)

DAEMONS := stadttor-netctl stadttor-portal
UNITS_DIST := $(wildcard etc/*.service)
MAN_DIST := $(wildcard cli/*.7 cli/*.8 netctl/*.8 portal/*.8 docs/*.5)
WEB_DIST := $(wildcard web/pages/* web/lang/*)

# Units and pages name the programs by their installed place.
place = sed -e 's|@SBINDIR@|$(sbindir)|g' -e 's|@BINDIR@|$(bindir)|g' \
	-e 's|@LIBEXECDIR@|$(libexecdir)|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' \
	-e 's|@DATADIR@|$(datadir)|g'

# The default of the option `pages` is right for PREFIX=/usr only.
config = $(if $(filter /usr,$(PREFIX)),cat,\
	sed -e "s|\#option pages .*|option pages '$(datadir)'|")

install: all
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(sbindir) \
		$(DESTDIR)$(libexecdir) \
		$(DESTDIR)$(unitdir) $(DESTDIR)$(sysusersdir) \
		$(DESTDIR)$(tmpfilesdir) \
		$(DESTDIR)$(sysctldir) $(DESTDIR)$(mandir)/man5 \
		$(DESTDIR)$(mandir)/man7 $(DESTDIR)$(mandir)/man8 \
		$(DESTDIR)$(SYSCONFDIR)/config
	$(INSTALL) -m 755 $(BUILD)/stadttor $(DESTDIR)$(bindir)/stadttor
	$(INSTALL) -m 755 $(BUILD)/stadttor-netctl $(DESTDIR)$(sbindir)/
	ln -sf ../bin/stadttor $(DESTDIR)$(sbindir)/stadttor-portal
	$(INSTALL) -m 755 etc/guard $(DESTDIR)$(libexecdir)/
	for m in $(MAN_DIST); do $(INSTALL) -m 644 $$m \
		$(DESTDIR)$(mandir)/man$${m##*.}/ || exit; done
	for f in $(WEB_DIST); do $(INSTALL) -D -m 644 $$f \
		$(DESTDIR)$(datadir)/$${f#web/} || exit; done
	@$(MAKE) --no-print-directory install-web
	$(INSTALL) -m 644 etc/router.conf $(DESTDIR)$(datadir)/
	$(INSTALL) -D -m 644 etc/completion.bash $(DESTDIR)$(bashdir)/stadttor
	$(INSTALL) -D -m 644 etc/completion.zsh $(DESTDIR)$(zshdir)/_stadttor
	for u in $(UNITS_DIST); do $(place) $$u \
		>$(DESTDIR)$(unitdir)/$${u##*/} || exit; done
	$(INSTALL) -m 644 etc/sysusers.conf $(DESTDIR)$(sysusersdir)/stadttor.conf
	$(INSTALL) -m 644 etc/tmpfiles.conf $(DESTDIR)$(tmpfilesdir)/stadttor.conf
	$(INSTALL) -m 644 etc/sysctl.conf $(DESTDIR)$(sysctldir)/50-stadttor.conf
	test -e $(DESTDIR)$(SYSCONFDIR)/config/stadttor || { \
		$(config) etc/stadttor.conf \
			>$(DESTDIR)$(SYSCONFDIR)/config/stadttor && \
		chmod 644 $(DESTDIR)$(SYSCONFDIR)/config/stadttor; }
	test -n "$(DESTDIR)" || $(MAKE) install-system

# A city's server, which is no box: it is installed by itself.
install-hub: $(BUILD)/stadttor-hub
	$(INSTALL) -d $(DESTDIR)$(sbindir) $(DESTDIR)$(unitdir) \
		$(DESTDIR)$(sysusersdir) $(DESTDIR)$(mandir)/man8
	$(INSTALL) -m 755 $(BUILD)/stadttor-hub $(DESTDIR)$(sbindir)/
	$(INSTALL) -m 644 hub/stadttor-hub.8 $(DESTDIR)$(mandir)/man8/
	$(place) etc/hub/stadttor-hub.service \
		>$(DESTDIR)$(unitdir)/stadttor-hub.service
	$(INSTALL) -m 644 etc/hub/sysusers.conf \
		$(DESTDIR)$(sysusersdir)/stadttor-hub.conf
	@$(MAKE) --no-print-directory install-hub-web
	test -n "$(DESTDIR)" || ! command -v systemd-sysusers >/dev/null || \
		systemd-sysusers $(sysusersdir)/stadttor-hub.conf
	test -n "$(DESTDIR)" || ! test -d /run/systemd/system || \
		systemctl daemon-reload

# Its config and figures stay.
uninstall-hub:
	rm -f $(DESTDIR)$(sbindir)/stadttor-hub \
		$(DESTDIR)$(unitdir)/stadttor-hub.service \
		$(DESTDIR)$(sysusersdir)/stadttor-hub.conf \
		$(DESTDIR)$(mandir)/man8/stadttor-hub.8
	rm -rf $(DESTDIR)$(datadir)/hub

# Only on the machine itself: users, units. A router it is once netctl starts.
install-system:
	if command -v systemd-sysusers >/dev/null; then \
		systemd-sysusers $(sysusersdir)/stadttor.conf; fi
	if command -v systemd-tmpfiles >/dev/null; then \
		systemd-tmpfiles --create $(tmpfilesdir)/stadttor.conf; fi
	if test -d /run/systemd/system; then systemctl daemon-reload; fi
	command -v nft >/dev/null || echo "warning: nft is missing, so guests are" \
		"let through while netctl does not run: apt-get install nftables" >&2

# Whose rules go with their programs, those guests are kept out by the guard's.
uninstall-system:
	if test -d /run/systemd/system && \
		test -e $(unitdir)/stadttor-netctl.service; then \
		systemctl disable --now $(notdir $(UNITS_DIST)); fi
	if test -x $(libexecdir)/guard; then PATH="$(sbindir):$$PATH" \
		$(libexecdir)/guard --instead; fi
	rm -f $(SYSCONFDIR)/stadttor/guarded

uninstall:
	test -n "$(DESTDIR)" || $(MAKE) --no-print-directory uninstall-system
	rm -f $(DESTDIR)$(bindir)/stadttor \
		$(addprefix $(DESTDIR)$(sbindir)/,$(DAEMONS)) \
		$(addprefix $(DESTDIR)$(unitdir)/,$(notdir $(UNITS_DIST))) \
		$(DESTDIR)$(sysusersdir)/stadttor.conf \
		$(DESTDIR)$(tmpfilesdir)/stadttor.conf \
		$(DESTDIR)$(sysctldir)/50-stadttor.conf \
		$(DESTDIR)$(bashdir)/stadttor $(DESTDIR)$(zshdir)/_stadttor
	for m in $(MAN_DIST); do rm -f \
		$(DESTDIR)$(mandir)/man$${m##*.}/$${m##*/}; done
	rm -rf $(DESTDIR)$(datadir) $(DESTDIR)$(libexecdir)
	test -n "$(DESTDIR)" || ! test -d /run/systemd/system || \
		systemctl daemon-reload

DIST := stadttor-$(VERSION)
dist: web
	@mkdir -p $(BUILD)
	{ git ls-files -z && printf '%s\0' $(ADMIN_GZ) $(HUB_GZ); } | LC_ALL=C sort -z \
		>$(BUILD)/dist.files
	tar --create --file=$(BUILD)/$(DIST).tar --format=ustar \
		--transform='s|^web/admin/\([^/]*\.gz\)$$|web/dist/\1|' \
		--transform='s|^web/hub/\([^/]*\.gz\)$$|web/dist/hub/\1|' \
		--transform='s|^|$(DIST)/|' --owner=0 --group=0 \
		--numeric-owner --mode=u+rwX,go+rX,go-w \
		--mtime="@$$(git log -1 --format=%ct)" --no-recursion --null \
		--files-from=$(BUILD)/dist.files
	xz -9 -T1 -f $(BUILD)/$(DIST).tar
	rm $(BUILD)/dist.files
	@echo $(BUILD)/$(DIST).tar.xz

# Packages of Debian, out of nothing but what a release has; our own variables are
# none of dpkg's.
deb:
	@tests/deps deb
	@tests/owned $(MAKE) --no-print-directory built-deb

built-deb: dist
	rm -rf $(BUILD)/deb
	$(INSTALL) -d $(BUILD)/deb
	tar -xJf $(BUILD)/$(DIST).tar.xz -C $(BUILD)/deb
	cd $(BUILD)/deb/$(DIST) && env -i PATH="$$PATH" LC_ALL=C.UTF-8 \
		dpkg-buildpackage -b -us -uc
	rm -rf $(BUILD)/deb/$(DIST)
	lintian --allow-root $(BUILD)/deb/*.changes
	@ls $(BUILD)/deb/*.deb

# A feed that an SDK of OpenWrt takes as it is: both packages, and the source
# beside its Makefile, which names its hash (scripts/download.pl takes file://).
openwrt-feed:
	@test -n "$(DIR)" || { echo "usage: make openwrt-feed DIR=FOLDER" >&2; \
		exit 2; }
	$(MAKE) dist
	rm -rf $(DIR)/stadttor $(DIR)/luci-app-stadttor
	$(INSTALL) -d $(DIR)
	tar -xJf $(BUILD)/$(DIST).tar.xz -C $(DIR) --strip-components=2 \
		$(DIST)/openwrt
	cp $(BUILD)/$(DIST).tar.xz $(DIR)/stadttor/
	hash=$$(sha256sum <$(BUILD)/$(DIST).tar.xz) && sed -i \
		-e "s/^PKG_HASH:=.*/PKG_HASH:=$${hash%% *}/" \
		-e 's|^PKG_SOURCE_URL:=.*|PKG_SOURCE_URL:=file://$$(CURDIR)|' \
		$(DIR)/stadttor/Makefile
	@echo "echo 'src-link stadttor $(abspath $(DIR))' >>SDK/feeds.conf"

.PHONY: deb built-deb openwrt-feed install install-system uninstall uninstall-system dist
