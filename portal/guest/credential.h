/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an auth method lets somebody have, while netctl is asked for it. */
#ifndef STADTTOR_PORTAL_GUEST_CREDENTIAL_H
#define STADTTOR_PORTAL_GUEST_CREDENTIAL_H

#include <stdbool.h>

#include "common/ipc.h"
#include "portal/voucher/voucher.h"
#include "portal/voucher/voucher_code.h"

struct auth_method;

struct credential {
	const struct auth_method *method; /* that the form was of */
	struct ipc_limits limits;	  /* 0: the zone's default */
	uint32_t terms;			  /* version that was accepted */
	char code[VOUCHER_CODE_MAX];	  /* until it is looked up */
	struct voucher_pass voucher;	  /* tag 0: it was none */
	bool replaces;			  /* another device with the code */
};

#endif
