# SPDX-License-Identifier: GPL-3.0-or-later
# What OpenWrt's include/package.mk, package-dumpinfo.mk and package-pack.mk do
# with a package: its fields are evaluated, its install recipe is run into a
# folder, conffiles that are no files there go into keep.d, scripts and fields
# are written beside the folder. OUT is where to, a folder that is there;
# PKG_BUILD_DIR is given.

# $(1): package
define BuildPackage
$(eval TITLE :=)$(eval DEPENDS :=)$(eval USERID :=)$(eval PKGARCH := target)
$(eval $(Package/$(1)))
all: $(1)
$(1): fields_$(1) := SECTION=$(SECTION)@CATEGORY=$(CATEGORY)@TITLE=$(TITLE)@DEPENDS=$(DEPENDS)@USERID=$(USERID)@PKGARCH=$(PKGARCH)@URL=$(URL)
$(1):
	mkdir -p $(OUT)/$(1)
	$(call Package/$(1)/install,$(OUT)/$(1))
	for x in $(strip $(Package/$(1)/conffiles)); do \
		[ -f $(OUT)/$(1)/$$$$x ] || { \
			mkdir -p $(OUT)/$(1)/lib/upgrade/keep.d; \
			echo $$$$x >>$(OUT)/$(1)/lib/upgrade/keep.d/$(1); }; \
	done
	$$(file >$(OUT)/$(1).fields,$$(fields_$(1)))
	$$(file >$(OUT)/$(1).conffiles,$$(Package/$(1)/conffiles))
	$$(file >$(OUT)/$(1).postinst,$$(Package/$(1)/postinst))
	$$(file >$(OUT)/$(1).prerm,$$(Package/$(1)/prerm))
	$$(file >$(OUT)/$(1).postrm,$$(Package/$(1)/postrm))
.PHONY: all $(1)
endef

show-%:
	@echo "$($*)"
