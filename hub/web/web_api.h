/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What programs and the dashboard ask the hub for. */
#ifndef STADTTOR_HUB_WEB_WEB_API_H
#define STADTTOR_HUB_WEB_WEB_API_H

#include "portal/admin/admin_routes.h"

extern const struct admin_route web_api_routes[];
extern const size_t web_api_count;

#endif
