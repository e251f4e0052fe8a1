/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /etc/config/stadttor as structs. Both daemons and the command line read the
 * same file through the same tables, so it is right for all or for none.
 */
#ifndef STADTTOR_COMMON_CONFIG_SETTINGS_H
#define STADTTOR_COMMON_CONFIG_SETTINGS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/config/conf.h"
#include "common/ipc.h"

#define SETTINGS_PATH	  "/etc/config/stadttor"
#define SETTINGS_SOCKET	  "/run/stadttor/netctl.sock" /* of `option socket` */
#define SETTINGS_ZONES	  IPC_ZONES
#define SETTINGS_UPLINKS  4
#define SETTINGS_SESSIONS 65000 /* of all zones together */
#define SETTINGS_TILES	  8
#define SETTINGS_TEXTS	  64
#define SETTINGS_DEVICES  128
#define SETTINGS_NOTIFY	  4
#define SETTINGS_RADII	  4

#define SETTINGS_RADIUS_SERVERS 4

/* A slower rate lets nothing through. */
#define SETTINGS_RATE_MIN_BPS 8000
#define SETTINGS_RATE_MIN     "8kbit" /* as messages name it */

/* Of a session that has an end. */
#define SETTINGS_DURATION_MAX_S (365 * 86400)

enum on_stop { ON_STOP_KEEP, ON_STOP_REMOVE };
enum masquerade { MASQUERADE_OFF, MASQUERADE_IPV4, MASQUERADE_BOTH };
enum over_quota { OVER_QUOTA_END, OVER_QUOTA_SLOW };
enum zone_auth {
	ZONE_AUTH_CLICK,
	ZONE_AUTH_VOUCHER,
	ZONE_AUTH_RADIUS,
	ZONE_AUTH_OIDC,
	ZONE_AUTH_MAX
};
enum radius_transport { RADIUS_UDP, RADIUS_TLS };

struct gate_settings { /* config gate: netctl itself */
	char *socket;
	char *user;
	uint64_t on_stop;    /* enum on_stop */
	uint64_t mark_shift; /* lowest of the 16 bits of the packet mark */
	char *events_user;   /* empty: nobody may report names and leases */
	bool flow_table;     /* where the kernel has them */
	bool debug;
};

struct uplink_settings { /* config uplink */
	char name[IPC_ZONE_NAME_MAX];
	char device[IFNAMSIZ];
	uint64_t masquerade;	/* enum masquerade */
	uint64_t bandwidth_bps; /* what all uploads share; 0: not known */
};

struct zone_settings { /* config zone */
	char name[IPC_ZONE_NAME_MAX];
	char device[IFNAMSIZ];
	uint64_t ways;		  /* in: bits of enum zone_auth, one at least */
	struct ipc_limits limits; /* of a session; 0: none */
	struct ipc_limits
		ceiling;	/* most that the portal may ask for; 0: none */
	uint64_t bandwidth_bps; /* what all downloads share; 0: not known */
	uint64_t over_quota;	/* enum over_quota */
	uint64_t daily_s;	/* of a device, and the next; 0: any */
	uint64_t daily_bytes;
	uint64_t slow_bps; /* both directions, after the quota */
	uint64_t max_sessions;
	uint64_t max_flows; /* connections of a device at once; 0: any */
	uint64_t dns_per_s; /* queries a second of a device */
	uint64_t leave_s;   /* of silence after it has gone; 0: as ever */
	struct conf_list garden_name;
	struct conf_list garden_address;
	struct conf_list garden_port;	/* beside the web's; "all": any */
	struct conf_list allow_private; /* networks for those who are in */
	bool counted;			/* in the usage figures */
	char *title;			/* for operators; empty: the name */
	char *at;		/* "LATITUDE,LONGITUDE"; empty: not told */
	uint64_t roam_s;	/* how long a tap elsewhere counts; 0: not */
	uint64_t roam_accept_s; /* and its renewals */
	struct conf_list open, open_on; /* see opening.h; none: always */
	struct conf_list night_radio;	/* off while it is closed */
	char *radius;			/* its accounts; empty: none */
	struct conf_list tariff;	/* of accounts, see tariff.h */
};

struct usage_settings {		 /* config usage */
	uint64_t profile;	 /* enum usage_profile */
	uint64_t epsilon;	 /* budget of a device and day */
	struct conf_list series; /* of usage_series_parse(); empty: all */
	char *pending;		 /* netctl's file in RAM; empty: none */
	char *lives;		 /* netctl's file of days; empty: none */
	char *file; /* the portal's database; empty: figures stay in memory */
	uint64_t keep_hours_s;	/* how long hours are kept; days are for ever */
	uint64_t write_every_s; /* how long figures wait for the disk */
};

struct admin_settings { /* config admin */
	bool enabled;
	char *address; /* one address of this box, never a guests' one */
	uint64_t port;
	char *hostname; /* further name that browsers may use; empty: none */
	char *certificate;
	char *key;
	char *title;		 /* of the box; empty: none */
	char *accounts;		 /* written by `stadttor passwd` */
	bool live;		 /* tells operators numbers of people at once */
	struct conf_list notify; /* URLs, SETTINGS_NOTIFY at most */
	char *mail_relay;	 /* of those that are mailto:, and the next */
	char *mail_from;
	char *mail_user;     /* empty: no login */
	char *mail_password; /* file */
};

struct city_settings { /* config city: see docs/city.md */
	bool enabled;  /* once the box has joined one */
	char *folder;  /* what `stadttor city join` wrote */
	uint64_t poll_s;
};

/* Where the banner and the script of WiFi4EU are. */
#define SETTINGS_WIFI4EU_URL "https://collection.wifi4eu.ec.europa.eu"

struct portal_settings { /* config portal */
	char *user;
	char *pages;   /* folder with the pages and languages */
	char *network; /* the network's name, as people know it */
	char *provider;
	char *contact;
	char *hostname;	   /* empty: the gate's address */
	char *success_url; /* empty: none */
	char *terms_url;   /* empty: the built-in terms */
	char *venue_url;
	uint64_t terms_version;
	char *barrier_contact; /* empty: contact */
	char *enforcement;
	char *logo;
	char *hero;
	uint64_t theme;	     /* of settings_theme_words */
	char *colour_accent; /* empty: the pages' own, as the others */
	char *colour_header;
	char *colour_accent_dark;
	char *colour_header_dark;
	char *wifi4eu; /* the network's UUID; empty: it is none */
	bool wifi4eu_selftest;
	char *certificate;
	char *key;
	uint64_t hijack_port;
	uint64_t http_port;
	uint64_t https_port;
	uint64_t max_connections;
	uint64_t max_per_device;
	uint64_t request_s; /* time to complete a request */
	bool debug;
};

enum legal_statement {
	LEGAL_STATEMENT_NONE, /* nobody has judged the pages */
	LEGAL_STATEMENT_FULL,
	LEGAL_STATEMENT_PARTIAL,
	LEGAL_STATEMENT_NOT,
};
enum legal_basis {
	LEGAL_BASIS_TASK,
	LEGAL_BASIS_CONTRACT,
	LEGAL_BASIS_INTEREST
};

struct legal_settings { /* config legal: the facts of the legal pages */
	bool public_body;
	uint64_t land; /* of settings_land_words */
	char *name;    /* empty: the portal's provider */
	char *address;
	char *represented_by;
	char *email;
	char *phone;
	char *register_entry;
	char *vat_id;
	char *supervisor;
	char *privacy_officer;
	char *privacy_authority; /* empty: the Land's */
	uint64_t basis;		 /* enum legal_basis */
	struct conf_list privacy_text;
	uint64_t statement; /* enum legal_statement */
	char *statement_date;
	bool statement_external; /* judged by others */
	struct conf_list statement_limits;
	struct conf_list terms_file; /* "LANGUAGE=FILE" */
};

extern const char *const settings_land_words[];
extern const char *const settings_theme_words[];

struct voucher_settings { /* config voucher */
	char *file;
	char *key;		   /* file with the key of the hashes */
	uint64_t tries_per_minute; /* wrong ones, of all devices together */
};

struct oidc_settings { /* config oidc: accounts by OpenID Connect */
	char *issuer;
	char *client;
	char *secret; /* file; empty: key */
	char *key;    /* file; empty: secret */
	char *scope;
	char *account; /* its name, on the page */
};

extern const char *const settings_icon_words[];

/* Lists of translations hold "LANGUAGE=TEXT"; lists of zones, none: all. */
struct tile_settings { /* config tile: a service of the city */
	char name[IPC_ZONE_NAME_MAX];
	struct conf_list title, text, zone;
	char *link;
	uint64_t icon;	/* of settings_icon_words */
	char *live_url; /* empty: no live value */
	char *live_pointer;
	struct conf_list live_text; /* "{}" stands for the value */
	uint64_t live_interval_s;
	uint64_t live_decimals;
};

struct text_settings { /* config text: in the place of a language's own */
	char *key;
	struct conf_list text, zone;
};

struct device_settings { /* config device: let in for good */
	char name[IPC_ZONE_NAME_MAX];
	struct mac mac;
	struct conf_list zone; /* none: all */
	uint64_t down_bps;     /* caps; 0: the zone's */
	uint64_t up_bps;
};

struct radius_settings { /* config radius: accounts of others' servers */
	char name[IPC_ZONE_NAME_MAX];
	struct conf_list server; /* of valid_server_parse() */
	uint64_t transport;	 /* enum radius_transport */
	char *secret;
	char *secret_file;
	uint64_t accounting_port; /* 0: no accounting */
	uint64_t interim_s;	  /* 0: at the end of a session only */
	char *identifier;
	uint64_t coa_port; /* 0: none */
	char *ca;
	char *server_name; /* empty: the servers' addresses */
	char *certificate;
	char *key;
};

struct settings {
	struct gate_settings gate;
	struct portal_settings portal;
	struct usage_settings usage;
	struct admin_settings admin;
	struct city_settings city;
	struct uplink_settings uplink[SETTINGS_UPLINKS];
	size_t uplinks;
	struct zone_settings zone[SETTINGS_ZONES];
	size_t zones;
	struct legal_settings legal;
	struct voucher_settings voucher;
	struct oidc_settings oidc;
	struct tile_settings tile[SETTINGS_TILES];
	size_t tiles;
	struct text_settings text[SETTINGS_TEXTS];
	size_t texts;
	struct device_settings device[SETTINGS_DEVICES];
	size_t devices;
	struct radius_settings radius[SETTINGS_RADII];
	size_t radii;
};

/* Whether that is one of the ways in; whether there are others, too. */
bool settings_zone_offers(const struct zone_settings *z, enum zone_auth auth);
/* Whether a tap there counts in the whole city, once the box is in one. */
bool settings_zone_roams(const struct zone_settings *z);
bool settings_zone_has_choice(const struct zone_settings *z);

/* Whether it is one of some zone. */
bool settings_offer(const struct settings *s, enum zone_auth auth);

/* true: sessions of the zone can have a cap, or share a link's rate. */
bool settings_zone_may_cap(const struct settings *s, size_t zone);

/* Bits of enum usage_series that a word of the config stands for; 0: none. */
uint32_t settings_series_of(const char *word);

/* Whether the config wants that series counted. */
bool settings_counts(const struct settings *s, enum usage_series series);

/*
 * Whether names are opened before the tap: those of its garden_name, the hosts
 * of links on its pages, or that of its accounts.
 */
bool settings_opens_names(const struct settings *s, size_t zone);

/* Whether a tile or text is one of that zone. */
bool settings_is_for_zone(const struct conf_list *zones, const char *zone);

/* The text in "LANGUAGE=TEXT"; NULL: it is in another language. len: of it. */
const char *settings_text_in(const char *translation, const char *language,
			     size_t len);

#define SETTINGS_LANGUAGE_MAX 12 /* with the closing NUL */

/*
 * The text of that language, a closer one (de for de-at), English, or the
 * first; NULL: the list is empty. code gets the language that it is in, unless
 * it is NULL.
 */
const char *settings_translation(const struct conf_list *texts,
				 const char *language,
				 char code[SETTINGS_LANGUAGE_MAX]);

#endif
