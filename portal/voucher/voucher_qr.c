/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_qr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qrencode.h>

#include "common/addr.h"
#include "common/config/settings.h"
#include "common/text.h"
#include "portal/util/strbuf.h"

#define HOST_MAX 254

bool voucher_ssid_is_valid(const char *ssid)
{
	return *ssid && strlen(ssid) <= VOUCHER_SSID_MAX && text_is_plain(ssid);
}

void voucher_join_build(char out[VOUCHER_JOIN_MAX], const char *ssid)
{
	struct strbuf o;

	strbuf_init(&o, out, VOUCHER_JOIN_MAX - 1);
	strbuf_text(&o, "WIFI:T:nopass;S:");
	for (const char *c = ssid; *c; c++) {
		if (strchr("\\;,:\"", *c))
			strbuf_text(&o, "\\");
		strbuf_bytes(&o, c, 1);
	}
	strbuf_text(&o, ";;");
	out[o.len] = '\0';
}

static bool is_host_name(const char *text)
{
	return *text && strlen(text) < HOST_MAX &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] ==
		       '\0';
}

/* No certificate is made out to an address. */
bool voucher_link_build(char out[VOUCHER_LINK_MAX],
			const struct portal_settings *p, const char *host)
{
	bool is_address, is_v6;
	struct addr a;

	if (!host)
		host = p->hostname;
	is_address = addr_parse(&a, host);
	is_v6 = is_address && a.family == AF_INET6;
	if (!is_address && !is_host_name(host))
		return false;
	snprintf(out, VOUCHER_LINK_MAX, "%s://%s%s%s/?code=",
		 *p->certificate && !is_address ? "https" : "http",
		 is_v6 ? "[" : "", host, is_v6 ? "]" : "");
	return true;
}

unsigned char *voucher_qr_build(const char *content, int *size)
{
	QRcode *q = QRcode_encodeString8bit(content, 0, QR_ECLEVEL_M);
	unsigned char *modules;
	int count;

	if (!q) {
		errno = errno == ENOMEM ? ENOMEM : EMSGSIZE;
		return NULL;
	}
	count = q->width * q->width;
	modules = malloc((size_t)count);
	for (int i = 0; modules && i < count; i++)
		modules[i] = q->data[i] & 1;
	*size = q->width;
	QRcode_free(q);
	return modules;
}
