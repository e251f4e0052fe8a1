/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/wifi4eu.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "portal/util/crypto.h"

/* The EU's official languages. */
static const char languages[][3] = {
	"bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr",
	"hu", "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv",
};

static const char *find_language(const char *language)
{
	for (size_t i = 0; i < ARRAY_SIZE(languages); i++)
		if (!strncmp(language, languages[i], 2) &&
		    (!language[2] || language[2] == '-'))
			return languages[i];
	return "en";
}

static void hash(struct wifi4eu *w)
{
	uint8_t digest[CRYPTO_SHA256];
	char base64[CRYPTO_BASE64(CRYPTO_SHA256)];

	crypto_sha256(w->script, strlen(w->script), digest);
	crypto_base64(base64, digest, sizeof(digest));
	snprintf(w->source, sizeof(w->source), "'sha256-%s'", base64);
}

void wifi4eu_build(struct wifi4eu *w, const struct portal_settings *p,
		   const char *language)
{
	const char *of = find_language(language);

	*w = (struct wifi4eu){ 0 };
	if (!*p->wifi4eu)
		return;
	snprintf(w->script, sizeof(w->script),
		 "var wifi4euTimerStart=Date.now();"
		 "var wifi4euNetworkIdentifier='%.36s';"
		 "var wifi4euLanguage='%s';%s",
		 p->wifi4eu, of,
		 p->wifi4eu_selftest ? "var selftestModus=true;" : "");
	snprintf(w->banner, sizeof(w->banner),
		 SETTINGS_WIFI4EU_URL "/media/banner/Wifi4EU-%c%c.svg",
		 toupper((unsigned char)of[0]), toupper((unsigned char)of[1]));
	hash(w);
}
