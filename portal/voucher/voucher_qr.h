/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The QR codes of a voucher's slip: one joins the network, the other opens the
 * portal's page with the code.
 */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_QR_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_QR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"

#define VOUCHER_SSID_MAX 32 /* bytes, IEEE 802.11 */
#define VOUCHER_JOIN_MAX (2 * VOUCHER_SSID_MAX + 32)
#define VOUCHER_LINK_MAX 320 /* without the code */

struct portal_settings;

bool voucher_ssid_is_valid(const char *ssid);

/* As phones' cameras read it: of an open network. */
void voucher_join_build(char out[VOUCHER_JOIN_MAX], const char *ssid);

/*
 * "https://wlan.example/?code=", to which a code is appended. host: a name or
 * an address, NULL: the portal's hostname. false: there is none, or it is
 * neither.
 */
bool voucher_link_build(char out[VOUCHER_LINK_MAX],
			const struct portal_settings *p, const char *host);

/*
 * A code of size x size modules, row by row, 1 is dark; the border of white is
 * left to whoever draws it. For free(); NULL: errno says why, EMSGSIZE: it is
 * too long.
 */
unsigned char *voucher_qr_build(const char *content, int *size) MUST_CHECK;

#endif
