/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/settings_options.h"

#include <stddef.h>
#include <string.h>

#include "common/addr.h"
#include "common/config/opening.h"
#include "common/config/settings.h"
#include "common/config/settings_valid.h"
#include "common/config/tariff.h"
#include "common/stringify.h"

#define DAY   86400ULL
#define TBIT  1000000000000ULL
#define PBYTE 1000000000000000ULL

static const char *const on_stop_words[] = { "keep", "remove", NULL };
static const char *const masquerade_words[] = { "off", "ipv4", "both", NULL };
static const char *const over_quota_words[] = { "end", "slow", NULL };
static const char *const auth_words[] = { "click", "voucher", "radius", "oidc",
					  NULL };

static bool is_network(const char *text)
{
	struct addr a;
	unsigned int prefix;

	return addr_parse_prefix(&a, &prefix, text) && prefix > 0;
}

static bool is_series(const char *text)
{
	return settings_series_of(text) != 0;
}

/* Not "all addresses": that would be those towards the guests, too. */
static bool is_one_address(const char *text)
{
	static const uint8_t any[16];
	struct addr a;

	return addr_parse(&a, text) && memcmp(a.byte, any, addr_len(&a)) != 0;
}

static const struct conf_option gate_options[] = {
	{ .name = "socket",
	  .type = CONF_PATH,
	  AT(gate_settings, socket),
	  .fallback = SETTINGS_SOCKET,
	  .min = 1,
	  .max = 100,
	  .help = HELP("socket between portal, command line and controller") },
	{ .name = "user",
	  .type = CONF_TEXT,
	  AT(gate_settings, user),
	  .fallback = "stadttor-netctl",
	  .min = 1,
	  .max = 31,
	  .help = HELP("user that the controller becomes after its start") },
	{ .name = "on_stop",
	  .type = CONF_WORD,
	  AT(gate_settings, on_stop),
	  .fallback = "keep",
	  .words = on_stop_words,
	  .help = HELP("what SIGTERM does with the gate: keep it enforcing, or "
		       "remove every rule and class") },
	{ .name = "mark_shift",
	  .type = CONF_NUMBER,
	  AT(gate_settings, mark_shift),
	  .fallback = "16",
	  .max = 16,
	  .help = HELP(
		  "lowest of the 16 bits of the packet mark that the gate "
		  "uses; no other rule may set them (mwan3 keeps to others, "
		  "pbr needs another mask)") },
	{ .name = "flow_table",
	  .type = CONF_BOOL,
	  AT(gate_settings, flow_table),
	  .fallback = "1",
	  .help = HELP(
		  "connections of those who are in take a short way past "
		  "connection tracking and other firewalls' rules once both "
		  "sides have spoken, where the kernel has flow tables; caps, "
		  "counters and the end of the session hold as before") },
	{ .name = "events_user",
	  .type = CONF_TEXT,
	  AT(gate_settings, events_user),
	  .fallback = "stadttor-events",
	  .max = 31,
	  .help = HELP("user of the program on OpenWrt that reports events of "
		       "dnsmasq and hostapd to the controller; if no user has "
		       "that name, such as none, nobody may") },
	{ .name = "debug",
	  .type = CONF_BOOL,
	  AT(gate_settings, debug),
	  .fallback = "0",
	  .help = HELP("log what the controller does") },
};

static const struct conf_option uplink_options[] = {
	{ .name = "device",
	  .type = CONF_DEVICE,
	  .required = true,
	  AT(uplink_settings, device),
	  .help = HELP("network device towards the internet") },
	{ .name = "masquerade",
	  .type = CONF_WORD,
	  AT(uplink_settings, masquerade),
	  .fallback = "ipv4",
	  .words = masquerade_words,
	  .help = HELP(
		  "which guests' addresses are replaced by the gate's own; "
		  "off where a firewall does it already") },
	{ .name = "bandwidth",
	  .type = CONF_RATE,
	  AT(uplink_settings, bandwidth_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = HELP(
		  "upload rate of the link, shared evenly by the devices that "
		  "want it; 0: not shaped as a whole") },
};

static const struct conf_option zone_options[] = {
	{ .name = "device",
	  .type = CONF_DEVICE,
	  .required = true,
	  AT(zone_settings, device),
	  .help = HELP(
		  "network device of the guests, a bridge or an interface") },
	{ .name = "auth",
	  .type = CONF_WORDS,
	  AT(zone_settings, ways),
	  .fallback = "click",
	  .words = auth_words,
	  .help = HELP(
		  "what lets a device in: a tap that accepts the terms, a "
		  "code of stadttor voucher with it, name and password of "
		  "an account that a RADIUS server knows, or an account by "
		  "OpenID Connect; of several "
		  "the page offers each") },
	{ .name = "radius",
	  .type = CONF_TEXT,
	  AT(zone_settings, radius),
	  .fallback = "",
	  .max = 15,
	  .help = HELP("with auth radius: name of the config radius that says "
		       "where the accounts are") },
	{ .name = "duration",
	  .type = CONF_SECONDS,
	  AT(zone_settings, limits.duration_s),
	  .fallback = "8h",
	  .min = 1,
	  .max = SETTINGS_DURATION_MAX_S,
	  .help = HELP("how long a tap lets a device in") },
	{ .name = "idle",
	  .type = CONF_SECONDS,
	  AT(zone_settings, limits.idle_s),
	  .fallback = "1h",
	  .max = 365 * DAY,
	  .help = HELP("a session ends when its device has sent nothing for "
		       "this long; 0: never") },
	{ .name = "leave",
	  .type = CONF_SECONDS,
	  AT(zone_settings, leave_s),
	  .fallback = "0",
	  .max = DAY,
	  .help = HELP("on OpenWrt: the session of a device that has released "
		       "its lease or left the access point ends when it sends "
		       "nothing for this long; 0: after idle, as any other") },
	{ .name = "quota",
	  .type = CONF_BYTES,
	  AT(zone_settings, limits.quota_bytes),
	  .fallback = "0",
	  .max = PBYTE,
	  .help = HELP("bytes up and down together that a session may use; "
		       "0: any") },
	{ .name = "over_quota",
	  .type = CONF_WORD,
	  AT(zone_settings, over_quota),
	  .fallback = "end",
	  .words = over_quota_words,
	  .help = HELP("what follows the quota: the end of the session, or "
		       "slow_rate") },
	{ .name = "slow_rate",
	  .type = CONF_RATE,
	  AT(zone_settings, slow_bps),
	  .fallback = "256kbit",
	  .min = SETTINGS_RATE_MIN_BPS,
	  .max = TBIT,
	  .help = HELP("rate in each direction after the quota") },
	{ .name = "daily_duration",
	  .type = CONF_SECONDS,
	  AT(zone_settings, daily_s),
	  .fallback = "0",
	  .max = DAY,
	  .help = HELP(
		  "how long a device may be online a day at this box, however "
		  "often it logs out and taps again; not those that a code or "
		  "an account lets in; 0: any time") },
	{ .name = "daily_quota",
	  .type = CONF_BYTES,
	  AT(zone_settings, daily_bytes),
	  .fallback = "0",
	  .max = PBYTE,
	  .help = HELP("bytes up and down together that a device may use a "
		       "day, likewise; what follows is the end of the session "
		       "whatever over_quota says; 0: any") },
	{ .name = "rate_down",
	  .type = CONF_RATE,
	  AT(zone_settings, limits.down_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = HELP("download cap of a device; 0: none") },
	{ .name = "rate_up",
	  .type = CONF_RATE,
	  AT(zone_settings, limits.up_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = HELP("upload cap of a device; 0: none") },
	{ .name = "bandwidth",
	  .type = CONF_RATE,
	  AT(zone_settings, bandwidth_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = HELP("download rate of the link, shared evenly by the zone's "
		       "devices that want it; 0: not shaped as a whole") },
	{ .name = "max_duration",
	  .type = CONF_SECONDS,
	  AT(zone_settings, ceiling.duration_s),
	  .fallback = "0",
	  .max = SETTINGS_DURATION_MAX_S,
	  .help = HELP(
		  "longest session that the portal may ask for; 0: duration") },
	{ .name = "max_rate_down",
	  .type = CONF_RATE,
	  AT(zone_settings, ceiling.down_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = HELP("highest download cap that the portal may ask for; "
		       "0: rate_down") },
	{ .name = "max_rate_up",
	  .type = CONF_RATE,
	  AT(zone_settings, ceiling.up_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = HELP("highest upload cap that the portal may ask for; "
		       "0: rate_up") },
	{ .name = "max_quota",
	  .type = CONF_BYTES,
	  AT(zone_settings, ceiling.quota_bytes),
	  .fallback = "0",
	  .max = PBYTE,
	  .help = HELP("largest quota that the portal may ask for; 0: quota") },
	{ .name = "max_sessions",
	  .type = CONF_NUMBER,
	  AT(zone_settings, max_sessions),
	  .fallback = "1000",
	  .min = 1,
	  .max = 30000,
	  .help = HELP("devices that may be online at once") },
	{ .name = "dns_rate",
	  .type = CONF_NUMBER,
	  AT(zone_settings, dns_per_s),
	  .fallback = "30",
	  .min = 1,
	  .max = 10000,
	  .help = HELP(
		  "DNS queries a second that a device may send to the box, and "
		  "ten times as many at once; before it is let in the bytes of "
		  "the answers are bounded, too, to 64 kbit/s after 256 kB") },
	{ .name = "max_flows",
	  .type = CONF_NUMBER,
	  AT(zone_settings, max_flows),
	  .fallback = "2000",
	  .max = 60000,
	  .help = HELP(
		  "connections that a device may have at once, so that one "
		  "cannot fill the table that all share; before it is let in "
		  "they are 200; 0: any number") },
	{ .name = "counted",
	  .type = CONF_BOOL,
	  AT(zone_settings, counted),
	  .fallback = "1",
	  .help = HELP("whether the zone's use goes into the usage figures") },
	{ .name = "title",
	  .type = CONF_TEXT,
	  AT(zone_settings, title),
	  .fallback = "",
	  .max = 64,
	  .help = HELP("what operators call the zone, such as "
		       "'Market square', in dashboard and report; empty: its "
		       "name") },
	{ .name = "at",
	  .type = CONF_TEXT,
	  AT(zone_settings, at),
	  .fallback = "",
	  .max = 40,
	  .is_valid = valid_place_or_empty,
	  .allowed = "latitude and longitude in degrees, such as "
		     "'48.1374,11.5755'",
	  .help = HELP("where the zone is, for open data and whoever makes a "
		       "map of it; empty: not told") },
	{ .name = "roam",
	  .type = CONF_SECONDS,
	  AT(zone_settings, roam_s),
	  .fallback = "1d",
	  .max = DAY,
	  .help = HELP(
		  "1d: where the box has joined a city (stadttor-city(7)), a "
		  "device that was at an access point of it with the same "
		  "option network today or yesterday is let in without a page; "
		  "only in zones with auth click; 0: the zone asks everybody, "
		  "and tells the city of nobody") },
	{ .name = "roam_accept",
	  .type = CONF_SECONDS,
	  AT(zone_settings, roam_accept_s),
	  .fallback = "30d",
	  .min = DAY,
	  .max = 120 * DAY,
	  .help = HELP("how long after the tap a device that comes back day "
		       "after day is let in so; whole days") },
	{ .name = "open",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, open),
	  .max = 40,
	  .is_valid = opening_hours_are_valid,
	  .allowed = "hours such as 'mo-fr 07:00-22:00' or '22:00-02:00'",
	  .help = HELP(
		  "opening hours by the local clock; at their end every "
		  "session ends, and nobody is let in before they begin; "
		  "closed, too, until the clock is set; without this list: "
		  "always open") },
	{ .name = "open_on",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, open_on),
	  .max = 40,
	  .is_valid = opening_date_is_valid,
	  .allowed = "a date or two and hours, such as '12-25 closed' or "
		     "'2026-12-24/2027-01-02 10:00-14:00'",
	  .help = HELP("hours that begin on these dates, in the place of "
		       "those of list open; a date without a year is of every "
		       "year") },
	{ .name = "night_radio",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, night_radio),
	  .max = IPC_RADIO_MAX - 1,
	  .is_valid = valid_radio_name,
	  .allowed = "the name of a radio, such as radio0",
	  .help = HELP("on OpenWrt: radios that are off while the zone is "
		       "closed, and on again five minutes before it opens; one "
		       "that several zones name is off while all of them are "
		       "closed") },
	{ .name = "tariff",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, tariff),
	  .max = TARIFF_MAX - 1,
	  .is_valid = tariff_is_valid,
	  .allowed = "a claim and its value, or *, and limits, such as "
		     "role=pupil:20mbit:5mbit:1d or *:0:0:8h",
	  .help = HELP(
		  "with auth oidc: who is let in, and what they get of "
		  "download, upload and time, 0 as in the zone; the first that "
		  "fits holds, up to max_duration and its like; without this "
		  "list: every account as in the zone") },
	{ .name = "garden_name",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, garden_name),
	  .max = 253,
	  .is_valid = valid_dns_name,
	  .allowed = "a host or domain name",
	  .help = HELP(
		  "name whose addresses everybody reaches before the tap, "
		  "and all names below it; an alias (CNAME) is followed; on "
		  "OpenWrt the package stadttor-events fills the addresses "
		  "in, elsewhere dnsmasq with what stadttor dns-config "
		  "prints") },
	{ .name = "garden_address",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, garden_address),
	  .max = 63,
	  .is_valid = is_network,
	  .allowed = "an IPv4 or IPv6 address or network such as "
		     "203.0.113.0/24",
	  .help = HELP(
		  "address or network that everybody reaches before the tap") },
	{ .name = "garden_port",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, garden_port),
	  .max = 15,
	  .is_valid = valid_port_or_all,
	  .allowed = "a port such as 8883/tcp or 8801/udp, or all",
	  .help = HELP("port that everybody reaches there before the tap, "
		       "beside those of the web (80 and 443 of TCP, 443 of "
		       "UDP); all: any port and protocol") },
	{ .name = "allow_private",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, allow_private),
	  .max = 63,
	  .is_valid = is_network,
	  .allowed = "an IPv4 or IPv6 address or network such as "
		     "203.0.113.0/24",
	  .help = HELP(
		  "network behind an uplink that devices reach once they are "
		  "in, though no host of the internet is in it; without this "
		  "list they reach no private, link-local, shared (CGN) or "
		  "multicast address there, nor the uplink's own network") },
};

static const struct conf_option usage_options[] = {
	{ .name = "profile",
	  .type = CONF_WORD,
	  AT(usage_settings, profile),
	  .fallback = "hours",
	  .words = usage_profile_words,
	  .help = HELP("hours: devices online in each hour, and devices of a "
		       "day to about three; days: no hours, and devices of a "
		       "day to about one, for places with few people") },
	{ .name = "epsilon",
	  .type = CONF_NUMBER,
	  AT(usage_settings, epsilon),
	  .fallback = "2",
	  .min = 1,
	  .max = USAGE_EPSILON_MAX,
	  .help = HELP("budget of differential privacy of a device and day: "
		       "the less, the noisier the figures; takes effect with "
		       "the next hour, day and week") },
	{ .name = "series",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(usage_settings, series),
	  .max = 15,
	  .is_valid = is_series,
	  .allowed = "one of online, devices, dwell, ended, language, "
		     "platform, bytes, peak",
	  .help = HELP("what is counted; without this list: all of it") },
	{ .name = "pending",
	  .type = CONF_PATH,
	  AT(usage_settings, pending),
	  .fallback = "/run/stadttor/pending",
	  .max = 200,
	  .help = HELP(
		  "file in a RAM file system in which what is counted and not "
		  "yet released outlives a restart of the controller; empty: "
		  "it does not") },
	{ .name = "lives",
	  .type = CONF_PATH,
	  AT(usage_settings, lives),
	  .fallback = "/var/lib/stadttor-netctl/lives",
	  .max = 200,
	  .help = HELP(
		  "small file of the controller that outlives a power cut and "
		  "says how often the day was begun: the third time nothing is "
		  "counted; empty: it may be begun any number of times") },
	{ .name = "file",
	  .type = CONF_PATH,
	  AT(usage_settings, file),
	  .fallback = "/var/lib/stadttor/usage.sqlite",
	  .max = 200,
	  .help = HELP(
		  "database of the figures, in a folder that the portal's user "
		  "may write to (under systemd another one than "
		  "/var/lib/stadttor needs ReadWritePaths= in the portal's "
		  "unit); empty: they are kept in memory only") },
	{ .name = "keep_hours",
	  .type = CONF_SECONDS,
	  AT(usage_settings, keep_hours_s),
	  .fallback = "400d",
	  .min = 2 * DAY,
	  .max = 3660 * DAY,
	  .help = HELP("how long the figures of hours are kept; those of days "
		       "stay") },
	{ .name = "write_every",
	  .type = CONF_SECONDS,
	  AT(usage_settings, write_every_s),
	  .fallback = "1h",
	  .min = DAY / 24,
	  .max = DAY,
	  .help = HELP(
		  "how long released figures may wait in memory, to spare "
		  "flash; they are written then, at midnight and when the "
		  "portal ends; a power cut loses those that wait; 1h: none "
		  "waits") },
};

static const struct conf_option admin_options[] = {
	{ .name = "enabled",
	  .type = CONF_BOOL,
	  AT(admin_settings, enabled),
	  .fallback = "1",
	  .help = HELP("serve dashboard, figures and metrics once there is an "
		       "account") },
	{ .name = "address",
	  .type = CONF_TEXT,
	  AT(admin_settings, address),
	  .fallback = "127.0.0.1",
	  .min = 1,
	  .max = 63,
	  .is_valid = is_one_address,
	  .allowed = "one IPv4 or IPv6 address of this box",
	  .help = HELP("address to listen on; refused where it is on a guest "
		       "zone's device") },
	{ .name = "port",
	  .type = CONF_NUMBER,
	  AT(admin_settings, port),
	  .fallback = "2090",
	  .min = 1,
	  .max = 65535,
	  .help = HELP("port to listen on") },
	{ .name = "hostname",
	  .type = CONF_TEXT,
	  AT(admin_settings, hostname),
	  .fallback = "",
	  .max = 253,
	  .is_valid = valid_dns_name_or_empty,
	  .allowed = "a host name, or nothing",
	  .help = HELP(
		  "further name under which operators reach it, beside the "
		  "address and, if that is a loopback address, localhost") },
	{ .name = "certificate",
	  .type = CONF_PATH,
	  AT(admin_settings, certificate),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("certificate chain in PEM; empty: no TLS") },
	{ .name = "key",
	  .type = CONF_PATH,
	  AT(admin_settings, key),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("its private key in PEM") },
	{ .name = "accounts",
	  .type = CONF_PATH,
	  AT(admin_settings, accounts),
	  .fallback = "/etc/stadttor/accounts",
	  .min = 1,
	  .max = 200,
	  .help = HELP(
		  "users and tokens, hashed, as stadttor passwd writes them") },
	{ .name = "title",
	  .type = CONF_TEXT,
	  AT(admin_settings, title),
	  .fallback = "",
	  .max = 64,
	  .help = HELP("what operators call this box, such as 'Town hall', in "
		       "dashboard and report; empty: the network's name "
		       "alone") },
	{ .name = "live",
	  .type = CONF_BOOL,
	  AT(admin_settings, live),
	  .fallback = "0",
	  .help = HELP("tell operators in the dashboard at once how many "
		       "devices are online and how much they move; these "
		       "numbers are not private, so the page on privacy that "
		       "guests read says so") },
	{ .name = "notify",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(admin_settings, notify),
	  .max = 256,
	  .is_valid = valid_notify,
	  .allowed = "an http or https address, or mailto: and a mail address",
	  .help = HELP("webhook that is told, as JSON by POST, or mail "
		       "address (mailto:ops@example.org) that is told, what of "
		       "the dashboard's health is not well, and when it is "
		       "over; at most " STRINGIFY(SETTINGS_NOTIFY)) },
	{ .name = "mail_relay",
	  .type = CONF_TEXT,
	  AT(admin_settings, mail_relay),
	  .fallback = "",
	  .max = 260,
	  .is_valid = valid_relay_or_empty,
	  .allowed = "a name or address, and perhaps a port, such as "
		     "smtp.example.org:587",
	  .help = HELP("server that takes mail for list notify: by STARTTLS, "
		       "at port 465 by TLS from the start, never without; its "
		       "certificate must name it") },
	{ .name = "mail_from",
	  .type = CONF_TEXT,
	  AT(admin_settings, mail_from),
	  .fallback = "",
	  .max = 253,
	  .is_valid = valid_mail_or_empty,
	  .allowed = "a mail address, or nothing",
	  .help = HELP("sender of these mails") },
	{ .name = "mail_user",
	  .type = CONF_TEXT,
	  AT(admin_settings, mail_user),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("account at that server; empty: no login") },
	{ .name = "mail_password",
	  .type = CONF_PATH,
	  AT(admin_settings, mail_password),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("file with its password, which the portal's user has to "
		       "be able to read") },
};

static const struct conf_option city_options[] = {
	{ .name = "enabled",
	  .type = CONF_BOOL,
	  AT(city_settings, enabled),
	  .fallback = "1",
	  .help = HELP("be part of the city that stadttor city join has "
		       "joined") },
	{ .name = "folder",
	  .type = CONF_PATH,
	  AT(city_settings, folder),
	  .fallback = "/etc/stadttor/city",
	  .min = 1,
	  .max = 200,
	  .help = HELP("what the box knows of its city, as stadttor city join "
		       "writes it (under systemd another one than "
		       "/etc/stadttor/city needs ReadWritePaths= in the "
		       "controller's unit)") },
	{ .name = "poll",
	  .type = CONF_SECONDS,
	  AT(city_settings, poll_s),
	  .fallback = "2s",
	  .min = 1,
	  .max = 60,
	  .help = HELP("how often the city's store is asked for what is "
		       "new") },
};

static const struct conf_option device_options[] = {
	{ .name = "mac",
	  .type = CONF_MAC,
	  .required = true,
	  AT(device_settings, mac),
	  .help = HELP("its hardware address, as on its label; it need not be "
		       "there yet") },
	{ .name = "zone",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(device_settings, zone),
	  .max = 15,
	  .is_valid = valid_zone_name,
	  .allowed = "the name of a zone",
	  .help = HELP("zone that lets it in; without this list: every zone") },
	{ .name = "rate_down",
	  .type = CONF_RATE,
	  AT(device_settings, down_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = HELP("its download cap; 0: that of the zone") },
	{ .name = "rate_up",
	  .type = CONF_RATE,
	  AT(device_settings, up_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = HELP("its upload cap; 0: that of the zone") },
};

const struct conf_table settings_gate_table = TABLE("gate", gate_options);
const struct conf_table settings_uplink_table = TABLE("uplink", uplink_options);
const struct conf_table settings_zone_table = TABLE("zone", zone_options);
const struct conf_table settings_usage_table = {
	.section = "usage",
	.option = usage_options,
	.count = ARRAY_SIZE(usage_options),
	.ignored = "k",
};
const struct conf_table settings_admin_table = TABLE("admin", admin_options);
const struct conf_table settings_city_table = TABLE("city", city_options);
const struct conf_table settings_device_table = TABLE("device", device_options);
