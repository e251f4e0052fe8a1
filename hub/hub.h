/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the city's hub, connected; signals; reload. */
#ifndef STADTTOR_HUB_HUB_H
#define STADTTOR_HUB_HUB_H

#include "common/daemon.h"
#include "hub/config/hub_conf.h"

#define HUB_ERROR_MAX 512

struct hub;

/* Takes over conf and city. NULL: error says why. */
struct hub *hub_new(struct hub_conf *conf, struct city_conf *city,
		    const struct daemon *daemon,
		    char error[HUB_ERROR_MAX]) MUST_CHECK;

/* Until SIGTERM or SIGINT. SIGHUP reads the config anew. */
void hub_run(struct hub *h);
void hub_free(struct hub *h);

#endif
