/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What single values of the config must look like, beyond their type. */
#ifndef STADTTOR_COMMON_CONFIG_SETTINGS_VALID_H
#define STADTTOR_COMMON_CONFIG_SETTINGS_VALID_H

#include <stdbool.h>
#include <stdint.h>

bool valid_dns_name(const char *text);
bool valid_dns_name_or_empty(const char *text);

/* An http or https address without blanks and quotes. */
bool valid_url(const char *text);
bool valid_url_or_empty(const char *text);

/* "#1b6b4a", or nothing. */
bool valid_colour_or_empty(const char *text);

/* "123e4567-e89b-12d3-a456-426655440000", or nothing. */
bool valid_uuid_or_empty(const char *text);

/* "2026-11-30", or nothing. */
bool valid_date_or_empty(const char *text);

/* "de=Parken": a language (BCP 47, lower case), and a text that is not empty.
 */
bool valid_translation(const char *text);

/* A JSON pointer, RFC 6901, or nothing for the whole document. */
bool valid_json_pointer(const char *text);

/* 1 to 15 of a-z, 0-9 and '_': the name of a zone. */
bool valid_zone_name(const char *text);

/* 1 to 31 letters, digits and '_': a section of UCI, as a radio is. */
bool valid_radio_name(const char *text);

/*
 * "8883/tcp" or "8883/udp". protocol: IPPROTO_*. The second takes "all", too.
 */
bool valid_port_parse(const char *text, uint16_t *port, uint8_t *protocol);
bool valid_port_or_all(const char *text);

/* "48.1374,11.5755": latitude and longitude in degrees (WGS 84), or nothing. */
bool valid_place_or_empty(const char *text);

/*
 * "192.0.2.5", "192.0.2.5:1645", "2001:db8::5" or "[2001:db8::5]:1812"; port 0:
 * none is told.
 */
struct addr;
bool valid_server_parse(const char *text, struct addr *a, uint16_t *port);

/* "ops@example.org": nothing in it means anything to a mail server. */
bool valid_mail(const char *text);
bool valid_mail_or_empty(const char *text);

/* A URL, or mailto: and such an address. */
#define VALID_MAILTO "mailto:"
bool valid_notify(const char *text);

/* "smtp.example.org", "192.0.2.5:465"; port 587, unless it says another. */
struct valid_relay {
	char host[254];
	bool is_address;
	uint16_t port;
};
bool valid_relay_parse(const char *text, struct valid_relay *r);
bool valid_relay_or_empty(const char *text);

#endif
