# SPDX-License-Identifier: GPL-3.0-or-later
# The operator's dashboard. What the portal sends lies packed beside its
# sources, web/admin/*.gz. A release carries it ready-made in web/dist/; a
# checkout makes it with gzip, the one library it uses among it (web/uplot).

ADMIN_FILES := index.html login.html style.css icon.svg app.js uplot.js \
	uplot.css report.html report.js \
	vouchers.html vouchers.js
ADMIN_GZ := $(ADMIN_FILES:%=web/admin/%.gz)
# What a module imports stands before it.
ADMIN_JS := $(addprefix web/admin/,words.js format.js calendar.js api.js \
	dom.js remember.js period.js against.js chart.js bars.js card.js \
	notes.js cards.js avail.js now.js app.js)
# The report of a month has no live charts.
REPORT_JS := $(addprefix web/admin/,words.js format.js calendar.js api.js \
	dom.js remember.js period.js against.js chart.js bars.js notes.js \
	cards.js avail.js svg.js report.js)
UPLOT := web/uplot

# The dashboard of a city is that of a box and a list of sites.
HUB_JS := $(ADMIN_JS) $(addprefix web/hub/,hub_words.js compare.js places.js \
	parts.js sites.js hub.js)
HUB_GZ := web/hub/app.js.gz web/hub/style.css.gz

web: $(ADMIN_GZ) $(HUB_GZ)

ifneq ($(wildcard web/dist/*.gz),)
web/admin/%.gz: web/dist/%.gz
	cp $< $@
web/hub/%.gz: web/dist/hub/%.gz
	cp $< $@
else
web/admin/%.gz: web/admin/%
	gzip -9 -n -c $< >$@
# One script out of the modules, whose imports stand on one line each; no name
# is used twice, or the script would not load.
in_one = { echo "(() => {'use strict';" && \
	sed -e '/^import /d' -e 's/^export //' $(filter %.js,$^) && \
	echo '})();'; } | gzip -9 -n -c >$@
web/admin/app.js.gz: $(ADMIN_JS) web/admin.mk
	$(in_one)
web/admin/vouchers.js.gz: $(addprefix web/admin/,words.js format.js api.js \
		dom.js remember.js qr.js vouchers.js) web/admin.mk
	$(in_one)
web/admin/report.js.gz: $(REPORT_JS) web/admin.mk
	$(in_one)
web/hub/app.js.gz: $(HUB_JS) web/admin.mk
	$(in_one)
web/hub/style.css.gz: web/admin/style.css web/hub/hub.css
	cat $^ | gzip -9 -n -c >$@
web/admin/uplot.js.gz: $(UPLOT)/LICENSE $(UPLOT)/uPlot.iife.min.js
	{ echo '/*!' && cat $(UPLOT)/LICENSE && echo '*/' && \
		cat $(UPLOT)/uPlot.iife.min.js; } | gzip -9 -n -c >$@
web/admin/uplot.css.gz: $(UPLOT)/uPlot.min.css
	gzip -9 -n -c $(UPLOT)/uPlot.min.css >$@
endif

%/node_modules/.package-lock.json: %/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing:" \
		"tests/deps web" >&2; exit 1; }
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

browser-deps: tests/browser/node_modules/.package-lock.json \
	tests/net/oidc/node_modules/.package-lock.json \
	tests/openwrt/node_modules/.package-lock.json

install-web: web
	$(INSTALL) -d $(DESTDIR)$(datadir)/admin
	$(INSTALL) -m 644 $(ADMIN_GZ) $(DESTDIR)$(datadir)/admin/

install-hub-web: web
	$(INSTALL) -d $(DESTDIR)$(datadir)/hub
	$(INSTALL) -m 644 $(filter-out %/app.js.gz %/style.css.gz,$(ADMIN_GZ)) \
		$(HUB_GZ) $(DESTDIR)$(datadir)/hub/

.PHONY: web browser-deps install-web install-hub-web
