/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/legal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/city/city_login.h"
#include "common/array.h"
#include "portal/pages/land.h"
#include "portal/pages/own_text.h"
#include "portal/pages/template.h"

#define DAY_S 86400

/* What stands in {{...}} of the templates; of flags whether it is empty. */
enum fact {
	FACT_NETWORK,
	FACT_OPERATOR,
	FACT_ADDRESS,
	FACT_REPRESENTED_BY,
	FACT_EMAIL,
	FACT_PHONE,
	FACT_REGISTER,
	FACT_VAT_ID,
	FACT_SUPERVISOR,
	FACT_PRIVACY_OFFICER,
	FACT_PRIVACY_AUTHORITY,
	FACT_PRIVACY_TEXT,
	FACT_TASK,
	FACT_CONTRACT,
	FACT_INTEREST,
	FACT_CODES,
	FACT_ACCOUNT,
	FACT_PASSWORD,
	FACT_COUNTED,
	FACT_LABELS,
	FACT_KEEP_DAYS,
	FACT_GARDEN,
	FACT_LIVE,
	FACT_ROAMS,
	FACT_WIFI4EU,
	FACT_LAW,
	FACT_FULL,
	FACT_PARTIAL,
	FACT_NOT,
	FACT_LIMITS,
	FACT_DATE,
	FACT_EXTERNAL,
	FACT_REPORT,
	FACT_ENFORCEMENT,
	FACT_MAX
};

static const char *const fact_name[FACT_MAX] = {
	[FACT_NETWORK] = "network",
	[FACT_OPERATOR] = "operator",
	[FACT_ADDRESS] = "address",
	[FACT_REPRESENTED_BY] = "represented_by",
	[FACT_EMAIL] = "email",
	[FACT_PHONE] = "phone",
	[FACT_REGISTER] = "register",
	[FACT_VAT_ID] = "vat_id",
	[FACT_SUPERVISOR] = "supervisor",
	[FACT_PRIVACY_OFFICER] = "privacy_officer",
	[FACT_PRIVACY_AUTHORITY] = "privacy_authority",
	[FACT_PRIVACY_TEXT] = "privacy_text",
	[FACT_TASK] = "task",
	[FACT_CONTRACT] = "contract",
	[FACT_INTEREST] = "interest",
	[FACT_CODES] = "codes",
	[FACT_ROAMS] = "roams",
	[FACT_ACCOUNT] = "account",
	[FACT_PASSWORD] = "password",
	[FACT_COUNTED] = "counted",
	[FACT_LABELS] = "labels",
	[FACT_KEEP_DAYS] = "keep_days",
	[FACT_GARDEN] = "garden",
	[FACT_LIVE] = "live",
	[FACT_WIFI4EU] = "wifi4eu",
	[FACT_LAW] = "law",
	[FACT_FULL] = "full",
	[FACT_PARTIAL] = "partial",
	[FACT_NOT] = "not",
	[FACT_LIMITS] = "limits",
	[FACT_DATE] = "date",
	[FACT_EXTERNAL] = "external",
	[FACT_REPORT] = "report",
	[FACT_ENFORCEMENT] = "enforcement",
};

/* Others read English, as the law of the place is German all the same. */
static const char *const languages[] = { "de", "en" };

static const char *const template_name[LEGAL_TERMS] = {
	[LEGAL_IMPRINT] = "imprint",
	[LEGAL_PRIVACY] = "privacy",
	[LEGAL_ACCESS] = "access",
};

struct legal {
	const struct settings *settings;
	char *text[LEGAL_TERMS][ARRAY_SIZE(languages)];
	char *terms[CONF_LIST_MAX]; /* by terms_file of the settings */
};

/* --- facts -------------------------------------------------------------- */

static const char *flag(bool is_set)
{
	return is_set ? "1" : NULL;
}

static const char *either(const char *text, const char *otherwise)
{
	return *text ? text : otherwise;
}

static bool has_zone(const struct settings *s,
		     bool (*is_one)(const struct settings *s, size_t zone))
{
	for (size_t i = 0; i < s->zones; i++)
		if (is_one(s, i))
			return true;
	return false;
}

static bool roams(const struct settings *s, size_t zone)
{
	return settings_zone_roams(&s->zone[zone]);
}

static bool is_counted(const struct settings *s, size_t zone)
{
	return s->zone[zone].counted;
}

static void fill_operator(const struct settings *s, const char *fact[])
{
	const struct legal_settings *l = &s->legal;

	fact[FACT_NETWORK] = s->portal.network;
	fact[FACT_OPERATOR] = either(l->name, s->portal.provider);
	fact[FACT_ADDRESS] = l->address;
	fact[FACT_REPRESENTED_BY] = l->represented_by;
	fact[FACT_EMAIL] = either(l->email, s->portal.contact);
	fact[FACT_PHONE] = l->phone;
	fact[FACT_REGISTER] = l->register_entry;
	fact[FACT_VAT_ID] = l->vat_id;
	fact[FACT_SUPERVISOR] = l->supervisor;
}

static void fill_privacy(const struct settings *s, const char *language,
			 const char *fact[])
{
	const struct legal_settings *l = &s->legal;
	const struct land *land = land_find(l->land);

	fact[FACT_PRIVACY_OFFICER] = l->privacy_officer;
	fact[FACT_PRIVACY_AUTHORITY] =
		either(l->privacy_authority, land ? land->privacy : NULL);
	fact[FACT_PRIVACY_TEXT] =
		settings_translation(&l->privacy_text, language, NULL);
	fact[FACT_TASK] = flag(l->basis == LEGAL_BASIS_TASK);
	fact[FACT_CONTRACT] = flag(l->basis == LEGAL_BASIS_CONTRACT);
	fact[FACT_INTEREST] = flag(l->basis == LEGAL_BASIS_INTEREST);
	fact[FACT_CODES] = flag(settings_offer(s, ZONE_AUTH_VOUCHER));
	fact[FACT_ACCOUNT] =
		settings_offer(s, ZONE_AUTH_OIDC) ? s->oidc.account : NULL;
	fact[FACT_PASSWORD] = flag(settings_offer(s, ZONE_AUTH_RADIUS));
	fact[FACT_COUNTED] = flag(has_zone(s, is_counted));
	fact[FACT_LABELS] = flag(settings_counts(s, USAGE_LANGUAGE) ||
				 settings_counts(s, USAGE_PLATFORM));
	fact[FACT_GARDEN] = flag(has_zone(s, settings_opens_names));
	fact[FACT_LIVE] = flag(s->admin.enabled && s->admin.live);
	fact[FACT_ROAMS] = flag(city_is_joined(&s->city) && has_zone(s, roams));
	fact[FACT_WIFI4EU] = s->portal.wifi4eu;
}

static void fill_statement(const struct settings *s, const char *language,
			   const char *fact[])
{
	const struct legal_settings *l = &s->legal;
	const struct portal_settings *p = &s->portal;
	const struct land *land = land_find(l->land);

	fact[FACT_LAW] = land ? land->accessibility_law : NULL;
	fact[FACT_FULL] = flag(l->statement == LEGAL_STATEMENT_FULL);
	fact[FACT_PARTIAL] = flag(l->statement == LEGAL_STATEMENT_PARTIAL);
	fact[FACT_NOT] = flag(l->statement == LEGAL_STATEMENT_NOT);
	fact[FACT_LIMITS] =
		settings_translation(&l->statement_limits, language, NULL);
	fact[FACT_DATE] = l->statement_date;
	fact[FACT_EXTERNAL] = flag(l->statement_external);
	fact[FACT_REPORT] = either(p->barrier_contact, fact[FACT_EMAIL]);
	fact[FACT_ENFORCEMENT] =
		either(p->enforcement, land ? land->enforcement : NULL);
}

/* --- making ------------------------------------------------------------- */

static int find_fact(const char *name, void *arg)
{
	(void)arg;
	for (int f = 0; f < FACT_MAX; f++)
		if (!strcmp(fact_name[f], name))
			return f;
	return -1;
}

static int find_no_list(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return -1;
}

/* A copy of what was written; NULL: it was cut, or there is no memory. */
static char *keep(const struct strbuf *o)
{
	return o->is_cut ? NULL : strndup(o->at, o->len);
}

static char *make_text(const struct settings *s, const char *name,
		       const char *language, char error[LEGAL_ERROR_MAX])
{
	static char bytes[LEGAL_BYTES_MAX];
	const char *fact[FACT_MAX] = { NULL };
	char folder[256], file[TEMPLATE_NAME_MAX], why[TEMPLATE_ERROR_MAX];
	char keep_days[24], *text = NULL;
	struct template_names names = { .dir = folder,
					.placeholder = find_fact,
					.list = find_no_list };
	struct template_context context = { .value = fact };
	struct template t = { 0 };
	struct template_part part;
	struct strbuf o;

	snprintf(folder, sizeof(folder), "%.200s/pages", s->portal.pages);
	snprintf(file, sizeof(file), "legal_%s_%s", name, language);
	fill_operator(s, fact);
	fill_privacy(s, language, fact);
	fill_statement(s, language, fact);
	snprintf(keep_days, sizeof(keep_days), "%" PRIu64,
		 s->usage.keep_hours_s / DAY_S);
	fact[FACT_KEEP_DAYS] = keep_days;
	strbuf_init(&o, bytes, sizeof(bytes));
	if (template_add_file(&t, &names, file, &part, why)) {
		template_render(&t, part, &context, &o);
		text = keep(&o);
		snprintf(why, sizeof(why), "%s: longer than %d bytes", file,
			 LEGAL_BYTES_MAX);
	}
	template_clear(&t);
	if (!text)
		snprintf(error, LEGAL_ERROR_MAX, "%s", why);
	return text;
}

static char *make_terms(const char *translation, char error[LEGAL_ERROR_MAX])
{
	static char bytes[LEGAL_BYTES_MAX];
	const char *path = translation + strcspn(translation, "=") + 1;
	struct strbuf o;
	char *text;

	strbuf_init(&o, bytes, sizeof(bytes));
	if (!own_text_read(path, &o, error))
		return NULL;
	text = keep(&o);
	if (!text)
		snprintf(error, LEGAL_ERROR_MAX,
			 "%.200s: longer than %d bytes as HTML", path,
			 LEGAL_BYTES_MAX);
	return text;
}

struct legal *legal_read(const struct settings *s, char error[LEGAL_ERROR_MAX])
{
	struct legal *l = calloc(1, sizeof(*l));
	bool is_fine = l != NULL;

	snprintf(error, LEGAL_ERROR_MAX, "out of memory");
	if (l)
		l->settings = s;
	for (size_t p = 0; is_fine && p < LEGAL_TERMS; p++)
		for (size_t i = 0; is_fine && i < ARRAY_SIZE(languages); i++) {
			l->text[p][i] = make_text(s, template_name[p],
						  languages[i], error);
			is_fine = l->text[p][i] != NULL;
		}
	for (size_t i = 0; is_fine && i < s->legal.terms_file.count; i++) {
		l->terms[i] = make_terms(s->legal.terms_file.value[i], error);
		is_fine = l->terms[i] != NULL;
	}
	if (is_fine)
		return l;
	legal_free(l);
	return NULL;
}

void legal_free(struct legal *l)
{
	if (!l)
		return;
	for (size_t p = 0; p < LEGAL_TERMS; p++)
		for (size_t i = 0; i < ARRAY_SIZE(languages); i++)
			free(l->text[p][i]);
	for (size_t i = 0; i < CONF_LIST_MAX; i++)
		free(l->terms[i]);
	free(l);
}

/* --- choosing ----------------------------------------------------------- */

static const char *find_terms(const struct legal *l, const char *language,
			      char in[SETTINGS_LANGUAGE_MAX])
{
	const struct conf_list *files = &l->settings->legal.terms_file;
	const char *path = settings_translation(files, language, in);

	for (size_t i = 0; path && i < files->count; i++)
		if (strchr(files->value[i], '=') + 1 == path)
			return l->terms[i];
	return NULL;
}

const char *legal_text(const struct legal *l, enum legal_page page,
		       const char *language, char in[SETTINGS_LANGUAGE_MAX])
{
	size_t i = strncmp(language, "de", 2) ? 1 : 0;

	snprintf(in, SETTINGS_LANGUAGE_MAX, "%s", languages[i]);
	if (page == LEGAL_TERMS)
		return find_terms(l, language, in);
	if (page == LEGAL_ACCESS &&
	    l->settings->legal.statement == LEGAL_STATEMENT_NONE)
		return NULL;
	return l->text[page][i];
}
