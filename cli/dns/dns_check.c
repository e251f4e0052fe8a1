/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/dns/dns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "cli/certificate.h"
#include "cli/netctl_call.h"
#include "cli/socket_table.h"
#include "portal/guest/captive.h"

_Static_assert(DNS_WHY_MAX >= CERTIFICATE_WHY_MAX, "one goes into the other");

static bool PRINTF_LIKE(2, 3) unfit(struct dns_api *api, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(api->why, sizeof(api->why), fmt, ap);
	va_end(ap);
	return false;
}

/* --- the certificate --------------------------------------------------- */

static void write_end(struct dns_api *api, const struct certificate *c)
{
	time_t end = certificate_end(c);
	struct tm tm;

	if (end && gmtime_r(&end, &tm))
		strftime(api->until, sizeof(api->until), "%Y-%m-%d %H:%M UTC",
			 &tm);
}

static bool has_good_certificate(struct dns_api *api,
				 const struct portal_settings *s)
{
	struct certificate c;
	bool is_good = certificate_read(&c, s->certificate, s->key, api->why);

	if (c.leaf)
		write_end(api, &c);
	is_good = is_good && certificate_is_trusted(&c, s->hostname, api->why);
	certificate_clear(&c);
	return is_good;
}

/* --- who is there ------------------------------------------------------ */

static bool has_netctl(struct dns_api *api, const char *socket)
{
	struct ipc_status question = { 0 };
	union netctl_call_message m;
	struct netctl_call t;
	int err = netctl_call_open(&t, socket);

	if (err)
		return unfit(api, "netctl is not reachable at %s: %s", socket,
			     strerror(-err));
	err = netctl_call_ask(&t, IPC_STATUS, &question);
	if (!err)
		err = netctl_call_answer_of(&t, IPC_TOTALS, &m);
	netctl_call_close(&t);
	if (err)
		return unfit(api, "netctl does not answer: %s", strerror(-err));
	return true;
}

static bool has_portal(struct dns_api *api, uint64_t port)
{
	if (socket_table_has("/proc", SOCKET_TABLE_TCP, port))
		return true;
	return unfit(api, "no portal listens on its https_port %" PRIu64, port);
}

void dns_check_api(const struct settings *s, struct dns_api *api)
{
	const struct portal_settings *p = &s->portal;

	memset(api, 0, sizeof(*api));
	snprintf(api->url, sizeof(api->url), "https://%s" CAPTIVE_PATH,
		 p->hostname);
	if (!*p->certificate) {
		unfit(api, "it needs TLS; hostname, certificate and key of "
			   "config portal are not all set");
		return;
	}
	api->is_fit = has_good_certificate(api, p) &&
		      has_netctl(api, s->gate.socket) &&
		      has_portal(api, p->https_port);
}
