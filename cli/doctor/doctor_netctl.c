/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether netctl and the portal run, and what netctl says of the gate. */
#include "cli/doctor/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/city_state.h"
#include "cli/format.h"
#include "cli/netctl_call.h"
#include "cli/socket_table.h"
#include "common/array.h"
#include "portal/admin/accounts.h"

#define NETCTL "stadttor-netctl"
#define PORTAL "stadttor-portal"

/* --- netctl ------------------------------------------------------------ */

/* Others are not let in, or are hung up on. */
static bool answers_only_root(int err)
{
	return geteuid() != 0 &&
	       (err == -EACCES || err == -ECONNRESET || err == -EPIPE);
}

static void say_down(struct doctor *d, const char *what, int err)
{
	const char *socket = d->settings->gate.socket;

	if (answers_only_root(err)) {
		doctor_say(d, DOCTOR_SKIP, "netctl answers only root");
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "netctl %s at %s: %s", what, socket,
		   err == -EPROTO ? "it speaks another version"
				  : strerror(-err));
	doctor_advise_start(d, NETCTL);
}

void doctor_check_netctl(struct doctor *d)
{
	char up[FORMAT_MAX];
	struct netctl_call t;
	int err = netctl_call_open(&t, d->settings->gate.socket);

	if (err) {
		say_down(d, "is not reachable", err);
		return;
	}
	err = netctl_status_fetch(&t, &d->status);
	netctl_call_close(&t);
	if (err) {
		say_down(d, "does not answer", err);
		return;
	}
	d->has_status = true;
	doctor_say(d, DOCTOR_OK, "netctl has been running for %s",
		   format_time(d->status.totals.uptime_s, up));
}

/* --- the portal -------------------------------------------------------- */

/* The dashboard opens once there is somebody who may see it. */
static bool is_dashboard_due(const struct admin_settings *s)
{
	char error[ACCOUNTS_ERROR_MAX];
	struct accounts *a =
		s->enabled ? accounts_read(s->accounts, error) : NULL;
	bool is_due = a && a->count;

	accounts_free(a);
	return is_due;
}

void doctor_check_portal(struct doctor *d)
{
	const struct portal_settings *p = &d->settings->portal;
	const struct admin_settings *a = &d->settings->admin;
	const struct {
		const char *name;
		uint64_t port;
		bool is_wanted;
	} ports[] = {
		{ "portal's hijack_port", p->hijack_port, true },
		{ "portal's http_port", p->http_port, true },
		{ "portal's https_port", p->https_port,
		  *p->certificate != '\0' },
		{ "dashboard's port", a->port, is_dashboard_due(a) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		if (!ports[i].is_wanted ||
		    socket_table_has(d->proc, SOCKET_TABLE_TCP, ports[i].port))
			continue;
		doctor_say(d, DOCTOR_FAIL, "nobody listens on the %s %" PRIu64,
			   ports[i].name, ports[i].port);
		doctor_advise_start(d, PORTAL);
		return;
	}
	doctor_say(d, DOCTOR_OK, "the portal listens");
}

/* --- what netctl says -------------------------------------------------- */

static bool is_unknown(struct doctor *d, const char *what)
{
	if (!d->has_status)
		doctor_say(d, DOCTOR_SKIP, "only netctl knows %s", what);
	return !d->has_status;
}

void doctor_check_packets(struct doctor *d)
{
	static const struct {
		enum ipc_trouble bit;
		const char *text, *remedy;
	} drops[] = {
		{ IPC_TROUBLE_OUT_DROPPED,
		  "packets that the gate lets pass do not leave the box",
		  "Another table drops them; netctl's log names the chain. Let "
		  "it accept what comes from the zones' devices." },
		{ IPC_TROUBLE_PORTAL_DROPPED,
		  "packets to the portal do not reach it",
		  "Another table drops them; netctl's log names the chain. Let "
		  "it accept the portal's ports from the zones' devices." },
		{ IPC_TROUBLE_MARKS,
		  "another table changes the gate's packet marks",
		  "netctl's log names the chain. Give it or the gate "
		  "(mark_shift) another mask." },
		{ IPC_TROUBLE_INGRESS,
		  "tc takes packets of guests before the gate sees them",
		  "netctl's log names the device. Remove its ingress filter; "
		  "SQM makes one where it limits uploads." },
		{ IPC_TROUBLE_OFFLOAD,
		  "a flow table carries packets of guests past the gate",
		  "netctl's log names it. Switch hardware flow offload off, or "
		  "let the gate have a flow table of its own; see "
		  "flow_table." },
		{ IPC_TROUBLE_RULES, "the gate's rules cannot be put in place",
		  "netctl's log says why: another program may own a table "
		  "called stadttor. Until it is away, guests are kept out." },
	};
	unsigned int found = 0;

	if (is_unknown(d, "whether other tables drop packets"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(drops); i++) {
		if (!(d->status.totals.troubles & drops[i].bit))
			continue;
		found++;
		doctor_say(d, DOCTOR_FAIL, "%s", drops[i].text);
		doctor_advise(d, "%s", drops[i].remedy);
	}
	if (!found)
		doctor_say(d, DOCTOR_OK,
			   "no other table drops or marks what the gate lets "
			   "pass");
}

void doctor_check_connections(struct doctor *d)
{
	if (is_unknown(d, "how full the table of connections is"))
		return;
	if (!(d->status.totals.troubles & IPC_TROUBLE_TABLE_FULL)) {
		doctor_say(d, DOCTOR_OK, "the table of connections has room");
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "the table of connections is nearly full");
	doctor_advise(d, "Raise net.netfilter.nf_conntrack_max, or lower "
			 "max_flows of the zones.");
}

void doctor_check_flow_table(struct doctor *d)
{
	static const struct {
		enum doctor_level level;
		const char *text;
	} words[] = {
		[IPC_FLOW_TABLE_OFF] = { DOCTOR_OK, "the flow table is off, as "
						    "the config says" },
		[IPC_FLOW_TABLE_ON] = { DOCTOR_OK,
					"connections take the short way of the "
					"flow table" },
		[IPC_FLOW_TABLE_REFUSED] = { DOCTOR_WARN,
					     "the kernel has no flow table: "
					     "the gate works without, at the "
					     "cost of speed" },
	};
	uint32_t told = d->status.totals.flow_table % ARRAY_SIZE(words);

	if (is_unknown(d, "whether there is a flow table"))
		return;
	doctor_say(d, words[told].level, "%s", words[told].text);
	if (told == IPC_FLOW_TABLE_REFUSED)
		doctor_advise(d, "Load nf_flow_table_inet and "
				 "nft_flow_offload (OpenWrt: kmod-nft-offload)"
				 ", or set flow_table to 0.");
}

/* Nothing where the box is in none. */
void doctor_check_city(struct doctor *d)
{
	const struct ipc_city *c = &d->status.city;
	const struct city_trouble *t;

	if (!d->has_status || !c->is_joined)
		return;
	for (size_t i = 0; (t = city_trouble_at(i)); i++) {
		if (!(c->troubles & t->bit))
			continue;
		doctor_say(d, DOCTOR_FAIL, "%s", t->text);
		doctor_advise(d, "%s", t->remedy);
	}
	if (!c->troubles)
		doctor_say(d, DOCTOR_OK,
			   "guests of the city are let in; %" PRIu32
			   " devices are known",
			   c->grants);
}

static const struct {
	const char *text, *remedy; /* NULL: fine */
} outlets[IPC_OUTLET_MAX] = {
	[IPC_OUTLET_OPEN] = { "what guests send reaches an uplink", NULL },
	[IPC_OUTLET_DOWN] = { "no uplink is up",
			      "Plug in its cable, or bring its device up." },
	[IPC_OUTLET_NO_ROUTE] = { "the kernel has no route to the internet, or "
				  "does not forward",
				  "See forwarding; else the uplink needs a "
				  "default route." },
	[IPC_OUTLET_ELSEWHERE] = { "the default route leaves by a device that "
				   "is no uplink of the config",
				   "Make that device a config uplink, or "
				   "change "
				   "the route; netctl's log names the "
				   "device." },
	[IPC_OUTLET_NO_ADDRESS] = { "the uplink has no address, which "
				    "masquerading needs",
				    "Give it one, or see why DHCP does not." },
	[IPC_OUTLET_OVERLAP] = { "the uplink is in the guests' own network",
				 "Give the zone addresses that are not used "
				 "upstream." },
	[IPC_OUTLET_DROPPED] = { "what guests send is dropped behind the gate",
				 "See packets." },
	[IPC_OUTLET_SILENT] = { "the uplink's gateway does not answer",
				"See whether the router upstream is on." },
};

void doctor_check_outlet(struct doctor *d, const struct zone_settings *z)
{
	const struct ipc_zone *told = netctl_status_find(&d->status, z->name);
	uint32_t outlet;

	if (is_unknown(d, "whether guests reach the internet"))
		return;
	if (!told) {
		doctor_say(d, DOCTOR_FAIL,
			   "netctl runs with a config that has "
			   "no such zone");
		doctor_advise(d, "Reload netctl and portal; netctl's log says "
				 "why if it refuses the config.");
		return;
	}
	if (!told->ifindex) {
		doctor_say(d, DOCTOR_SKIP,
			   "netctl does not find the zone's device");
		return;
	}
	outlet = told->outlet % IPC_OUTLET_MAX;
	doctor_say(d, outlet == IPC_OUTLET_OPEN ? DOCTOR_OK : DOCTOR_FAIL, "%s",
		   outlets[outlet].text);
	if (outlets[outlet].remedy)
		doctor_advise(d, "%s", outlets[outlet].remedy);
}
