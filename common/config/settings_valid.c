/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/settings_valid.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/colour.h"
#include "common/config/opening.h"
#include "common/ipc.h"

bool valid_dns_name(const char *text)
{
	size_t label = 0;

	if (!*text || *text == '.' || strlen(text) > 253)
		return false;
	for (; *text; text++) {
		label = *text == '.' ? 0 : label + 1;
		if (label > 63 || (*text == '.' && text[1] == '.'))
			return false;
		if (!strchr("abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._",
			    *text))
			return false;
	}
	return true;
}

bool valid_dns_name_or_empty(const char *text)
{
	return !*text || valid_dns_name(text);
}

bool valid_url(const char *text)
{
	size_t scheme = strncmp(text, "https://", 8) ? 7 : 8;

	if (scheme == 7 && strncmp(text, "http://", 7))
		return false;
	return text[scheme] && text[scheme] != '/' &&
	       !strpbrk(text, " \"'<>\\");
}

bool valid_url_or_empty(const char *text)
{
	return !*text || valid_url(text);
}

bool valid_colour_or_empty(const char *text)
{
	return !*text || colour_is_valid(text);
}

bool valid_uuid_or_empty(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	if (!*text)
		return true;
	for (i = 0; form[i]; i++)
		if (form[i] == '-' ? text[i] != '-'
				   : !isxdigit((unsigned char)text[i]))
			return false;
	return !text[i];
}

bool valid_date_or_empty(const char *text)
{
	char rule[32];

	snprintf(rule, sizeof(rule), "%.10s closed", text);
	return !*text || (strlen(text) == 10 && opening_date_is_valid(rule));
}

bool valid_translation(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len >= 2 && len < 12 && text[0] != '-' && text[len] == '=' &&
	       text[len + 1];
}

bool valid_json_pointer(const char *text)
{
	if (*text && *text != '/')
		return false;
	for (; *text; text++)
		if (*text == '~' && text[1] != '0' && text[1] != '1')
			return false;
	return true;
}

bool valid_zone_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len && len < IPC_ZONE_NAME_MAX && !text[len];
}

bool valid_radio_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return len && len < IPC_RADIO_MAX && !text[len];
}

bool valid_port_parse(const char *text, uint16_t *port, uint8_t *protocol)
{
	unsigned long number;
	char *end;

	if (*text < '1' || *text > '9')
		return false;
	number = strtoul(text, &end, 10);
	if (!strcmp(end, "/tcp"))
		*protocol = IPPROTO_TCP;
	else if (!strcmp(end, "/udp"))
		*protocol = IPPROTO_UDP;
	else
		return false;
	*port = (uint16_t)number;
	return number <= UINT16_MAX;
}

bool valid_port_or_all(const char *text)
{
	uint16_t port;
	uint8_t protocol;

	return !strcmp(text, "all") || valid_port_parse(text, &port, &protocol);
}

/* What is behind a number of that size at most; NULL: there is none. */
static const char *skip_degrees(const char *text, double most)
{
	const char *behind = text + strspn(text, "-0123456789.");
	char *end;
	double degrees = strtod(text, &end);

	return end == behind && end != text && degrees >= -most &&
			       degrees <= most
		       ? behind
		       : NULL;
}

bool valid_place_or_empty(const char *text)
{
	const char *comma = skip_degrees(text, 90);
	const char *end = NULL;

	if (comma && *comma == ',')
		end = skip_degrees(comma + 1, 180);
	return !*text || (end && !*end);
}

static bool parse_port(const char *text, uint16_t *port)
{
	unsigned long number;
	char *end;

	if (*text < '1' || *text > '9')
		return false;
	number = strtoul(text, &end, 10);
	*port = (uint16_t)number;
	return !*end && number <= UINT16_MAX;
}

bool valid_server_parse(const char *text, struct addr *a, uint16_t *port)
{
	bool is_bracketed = *text == '[';
	const char *end = is_bracketed ? strchr(text, ']') : strrchr(text, ':');

	*port = 0;
	if (addr_parse(a, text))
		return true;
	if (!end || !addr_parse_part(a, text + is_bracketed,
				     (size_t)(end - text) - is_bracketed))
		return false;
	if (is_bracketed != (a->family == AF_INET6))
		return false;
	end += is_bracketed;
	return *end == ':' ? parse_port(end + 1, port) : !*end;
}

bool valid_mail(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789.!#$%&'*+/=?^_`{|}~-");

	return len && len <= 64 && text[len] == '@' &&
	       valid_dns_name(text + len + 1);
}

bool valid_mail_or_empty(const char *text)
{
	return !*text || valid_mail(text);
}

bool valid_notify(const char *text)
{
	return strncmp(text, VALID_MAILTO, strlen(VALID_MAILTO))
		       ? valid_url(text)
		       : valid_mail(text + strlen(VALID_MAILTO));
}

bool valid_relay_parse(const char *text, struct valid_relay *r)
{
	const char *colon = strrchr(text, ':');
	struct addr a;

	*r = (struct valid_relay){ .port = 587 };
	if (valid_server_parse(text, &a, &r->port)) {
		r->is_address = true;
		r->port = r->port ? r->port : 587;
		addr_to_string(&a, r->host);
		return true;
	}
	if (colon && !parse_port(colon + 1, &r->port))
		return false;
	snprintf(r->host, sizeof(r->host), "%.*s",
		 colon ? (int)(colon - text) : (int)sizeof(r->host), text);
	return valid_dns_name(r->host);
}

bool valid_relay_or_empty(const char *text)
{
	struct valid_relay r;

	return !*text || valid_relay_parse(text, &r);
}
