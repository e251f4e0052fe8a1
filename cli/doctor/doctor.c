/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor/doctor.h"

#include <stdio.h>

#include <json-c/json.h>

#include "cli/cli.h"
#include "common/array.h"
#include "common/config/settings_read.h"

struct check {
	const char *code;
	/* One of the two: of the box, or of each zone. */
	void (*run)(struct doctor *d);
	void (*run_zone)(struct doctor *d, const struct zone_settings *z);
};

/* What explains others comes before them. The config comes first of all. */
static const struct check checks[] = {
	{ "users", doctor_check_users, NULL },
	{ "netctl", doctor_check_netctl, NULL },
	{ "portal", doctor_check_portal, NULL },
	{ "pages", doctor_check_pages, NULL },
	{ "uplinks", doctor_check_uplinks, NULL },
	{ "forwarding", doctor_check_forwarding, NULL },
	{ "bridges", doctor_check_bridges, NULL },
	{ "device", NULL, doctor_check_device },
	{ "address", NULL, doctor_check_address },
	{ "outlet", NULL, doctor_check_outlet },
	{ "page", NULL, doctor_check_page },
	{ "dns", NULL, doctor_check_dns },
	{ "dhcp", doctor_check_dhcp, NULL },
	{ "advertisements", NULL, doctor_check_advertisements },
	{ "packets", doctor_check_packets, NULL },
	{ "connections", doctor_check_connections, NULL },
	{ "flow_table", doctor_check_flow_table, NULL },
	{ "conntrack", doctor_check_conntrack, NULL },
	{ "neighbours", doctor_check_neighbours, NULL },
	{ "clock", doctor_check_clock, NULL },
	{ "city", doctor_check_city, NULL },
	{ "certificate", doctor_check_certificate, NULL },
	{ "admin_certificate", doctor_check_admin_certificate, NULL },
	{ "accounts", doctor_check_accounts, NULL },
	{ "usage_file", doctor_check_usage_file, NULL },
	{ "voucher_file", doctor_check_voucher_file, NULL },
};

static void run(struct doctor *d, const struct check *c)
{
	d->code = c->code;
	d->zone = NULL;
	if (c->run) {
		c->run(d);
		return;
	}
	for (size_t i = 0; i < d->settings->zones; i++) {
		d->zone = &d->settings->zone[i];
		c->run_zone(d, d->zone);
	}
}

static void run_all(struct doctor *d)
{
	d->code = "config";
	doctor_check_config(d);
	if (!d->settings) {
		d->code = "rest";
		doctor_say(
			d, DOCTOR_SKIP,
			"nothing else was looked at, for the config says where "
			"it is");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		run(d, &checks[i]);
}

static void print_count(const unsigned int lines[DOCTOR_LEVELS])
{
	printf("\n%u fine, %u warning%s, %u failure%s, %u not looked at\n",
	       lines[DOCTOR_OK], lines[DOCTOR_WARN],
	       lines[DOCTOR_WARN] == 1 ? "" : "s", lines[DOCTOR_FAIL],
	       lines[DOCTOR_FAIL] == 1 ? "" : "s", lines[DOCTOR_SKIP]);
}

enum cli_exit cli_doctor(const struct cli *cli)
{
	struct doctor d = {
		.config = cli->config,
		.proc = "/proc",
		.dns_port = 53,
		.now_s = time(NULL),
		.list = cli->json ? json_object_new_array() : NULL,
	};

	run_all(&d);
	if (d.list)
		cli_print_json(d.list);
	else
		print_count(d.lines);
	settings_free(d.settings);
	return d.lines[DOCTOR_FAIL] ? CLI_FAILED : CLI_DONE;
}
