/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The captive portal API: one JSON object about whoever asks, RFC 8908. */
#ifndef STADTTOR_PORTAL_GUEST_CAPTIVE_H
#define STADTTOR_PORTAL_GUEST_CAPTIVE_H

#include "common/config/settings.h"

#define CAPTIVE_PATH	  "/captive-api"
#define CAPTIVE_TYPE	  "application/captive+json"
#define CAPTIVE_BYTES_MAX 1024 /* Android reads 4096 */

/*
 * session: what netctl says of the asker. The length in out; 0: it does not
 * fit.
 */
size_t captive_build(char out[CAPTIVE_BYTES_MAX],
		     const struct portal_settings *p,
		     const struct zone_settings *z,
		     const struct ipc_session *session);

#endif
