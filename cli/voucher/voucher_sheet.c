/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cards to cut out, ten on a page of A4. No script, no style sheet, font or
 * picture of elsewhere: the file can be sent to a printing office as it is.
 */
#include "cli/voucher/voucher.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <qrencode.h>

#include "portal/util/strbuf.h"

#define CARDS_A_PAGE 10
#define QUIET	     4 /* modules of white around a QR code */
#define URL_MAX	     400
#define TEXT_MAX     80

/* Network and title in two lines each still leave room for all the rest. */
static const char style[] =
	"@page{size:A4;margin:0}"
	"*{box-sizing:border-box}"
	"body{margin:0;color:#000;background:#fff;"
	"font:8pt/1.25 'DejaVu Sans',Verdana,Arial,sans-serif}"
	"h1{position:absolute;width:1px;height:1px;overflow:hidden;"
	"clip-path:inset(50%);margin:0}"
	".page{width:210mm;height:296.5mm;padding:8mm 10mm;display:grid;"
	"grid-template:repeat(5,1fr)/repeat(2,1fr);break-after:page;"
	"break-inside:avoid}"
	".page:last-child{break-after:auto}"
	".card{display:grid;grid-template:auto 1fr auto/1fr 28mm;"
	"column-gap:2mm;padding:3mm;overflow:hidden;overflow-wrap:anywhere;"
	"border:.2mm dashed #767676;break-inside:avoid}"
	".head,.steps{grid-column:1/3}"
	"h2{font-size:10pt;line-height:1.15;margin:0;max-height:2.3em;"
	"overflow:hidden}"
	"p{margin:0}"
	".title{max-height:2.5em;overflow:hidden}"
	".code{font:bold 16pt/1.35 'DejaVu Sans Mono',Consolas,monospace;"
	"white-space:nowrap}"
	"svg{width:28mm;height:28mm}";

struct unit {
	const char *one, *more; /* the latter with the number before it */
};

struct words {
	const char *language, *heading, *steps, *valid, *qr, *after_first;
	const char *one_device, *devices_before, *devices_behind;
	struct unit days, hours, minutes;
};

static const struct words german = {
	.language = "de",
	.heading = "Zugangscodes",
	.steps = "Mit dem WLAN verbinden, dann den QR-Code scannen oder den "
		 "Code eintippen.",
	.valid = "Gültig bis",
	.qr = "QR-Code mit",
	.after_first = "ab der ersten Anmeldung",
	.one_device = "für ein Gerät",
	.devices_before = "für bis zu ",
	.devices_behind = " Geräte gleichzeitig",
	.days = { "1 Tag", "Tage" },
	.hours = { "1 Stunde", "Stunden" },
	.minutes = { "1 Minute", "Minuten" },
};

static const struct words english = {
	.language = "en",
	.heading = "Access codes",
	.steps = "Join the Wi-Fi, then scan the QR code or type in the code.",
	.valid = "Valid until",
	.qr = "QR code with",
	.after_first = "from the first login",
	.one_device = "for one device",
	.devices_before = "for up to ",
	.devices_behind = " devices at once",
	.days = { "1 day", "days" },
	.hours = { "1 hour", "hours" },
	.minutes = { "1 minute", "minutes" },
};

static const struct words *words_of(const struct voucher_sheet *s)
{
	return s->is_english ? &english : &german;
}

static void put_escaped(const char *text, FILE *out)
{
	for (size_t plain; *text; text++) {
		plain = strcspn(text, STRBUF_ESCAPES);
		fwrite(text, 1, plain, out);
		text += plain;
		if (!*text)
			return;
		fputs(strbuf_reference(*text), out);
	}
}

/* --- what a code is good for ------------------------------------------- */

static void put_duration(const struct words *w, int64_t duration_s, FILE *out)
{
	int64_t count = duration_s / 60;
	const struct unit *u = &w->minutes;

	if (count % 1440 == 0) {
		count /= 1440;
		u = &w->days;
	} else if (count % 60 == 0) {
		count /= 60;
		u = &w->hours;
	}
	if (count == 1)
		fputs(u->one, out);
	else
		fprintf(out, "%" PRId64 " %s", count, u->more);
}

static void put_devices(const struct words *w, uint32_t devices, FILE *out)
{
	if (devices == 1)
		fputs(w->one_device, out);
	else
		fprintf(out, "%s%" PRIu32 "%s", w->devices_before, devices,
			w->devices_behind);
}

static void put_time(bool is_english, int64_t time_s, FILE *out)
{
	time_t t = (time_t)time_s;
	char text[TEXT_MAX] = "";
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return;
	if (is_english)
		strftime(text, sizeof(text), "%e %B %Y, %H:%M", &tm);
	else
		strftime(text, sizeof(text), "%d.%m.%Y, %H:%M Uhr", &tm);
	fputs(text + strspn(text, " "), out);
}

/* --- QR codes ---------------------------------------------------------- */

static void put_modules(const QRcode *q, FILE *out)
{
	for (int y = 0; y < q->width; y++)
		for (int x = 0; x < q->width; x++) {
			const unsigned char *row = q->data + y * q->width;
			int first = x;

			while (x < q->width && row[x] & 1)
				x++;
			if (x > first)
				fprintf(out, "M%d %dh%dv1h-%dz", first + QUIET,
					y + QUIET, x - first, x - first);
		}
}

static int put_qr(const struct words *w, const char *url, FILE *out)
{
	QRcode *q = QRcode_encodeString8bit(url, 0, QR_ECLEVEL_M);
	int size;

	if (!q)
		return errno == ENOMEM ? -ENOMEM : -EMSGSIZE;
	size = q->width + 2 * QUIET;
	fprintf(out,
		"<svg viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\" "
		"role=\"img\" aria-label=\"%s ",
		size, size, w->qr);
	put_escaped(url, out);
	fprintf(out, "\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
		size, size);
	put_modules(q, out);
	fputs("\"/></svg>", out);
	QRcode_free(q);
	return 0;
}

/* --- the document ------------------------------------------------------ */

static int put_card(const struct voucher_sheet *s,
		    const struct voucher_sheet_card *c, FILE *out)
{
	const struct words *w = words_of(s);
	char text[VOUCHER_CODE_TEXT_MAX], url[URL_MAX];
	int err;

	voucher_code_to_text(c->code, text);
	if (snprintf(url, sizeof(url), "%s%s", s->url, text) >=
	    (int)sizeof(url))
		return -EMSGSIZE;
	fputs("<div class=\"card\"><div class=\"head\"><h2>", out);
	put_escaped(s->network, out);
	fputs("</h2>", out);
	if (s->title) {
		fputs("<p class=\"title\">", out);
		put_escaped(s->title, out);
		fputs("</p>", out);
	}
	fprintf(out, "</div><div><p class=\"code\">%s</p><p>", text);
	put_duration(w, c->duration_s, out);
	fprintf(out, " %s</p><p>", w->after_first);
	put_devices(w, c->devices, out);
	fprintf(out, "</p><p>%s ", w->valid);
	put_time(s->is_english, c->valid_until_s, out);
	fputs("</p></div>", out);
	err = put_qr(w, url, out);
	fprintf(out, "<p class=\"steps\">%s</p></div>\n", w->steps);
	return err;
}

static void put_head(const struct voucher_sheet *s, FILE *out)
{
	const struct words *w = words_of(s);

	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
		"<meta charset=\"utf-8\">\n<title>%s – ",
		w->language, w->heading);
	put_escaped(s->network, out);
	fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>%s – ",
		style, w->heading);
	put_escaped(s->network, out);
	fputs("</h1>\n", out);
}

int voucher_sheet_write(const struct voucher_sheet *s, FILE *out)
{
	int err = 0;

	put_head(s, out);
	for (size_t i = 0; i < s->cards && !err; i++) {
		if (i % CARDS_A_PAGE == 0)
			fputs("<div class=\"page\">\n", out);
		err = put_card(s, &s->card[i], out);
		if (i % CARDS_A_PAGE == CARDS_A_PAGE - 1 || i == s->cards - 1)
			fputs("</div>\n", out);
	}
	fputs("</body>\n</html>\n", out);
	return err;
}
