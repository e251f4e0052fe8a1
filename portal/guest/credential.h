/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an auth method lets somebody have, while netctl is asked for it. */
#ifndef STADTTOR_PORTAL_GUEST_CREDENTIAL_H
#define STADTTOR_PORTAL_GUEST_CREDENTIAL_H

#include <stdbool.h>

#include "common/ipc.h"
#include "portal/radius/radius.h"
#include "portal/voucher/voucher.h"
#include "portal/voucher/voucher_code.h"

struct auth_method;
struct login;

/* What was typed into the form of an account, until its servers have it. */
struct account_form {
	char name[RADIUS_VALUE_MAX + 1];
	char password[RADIUS_PASSWORD_MAX + 1];
};

struct credential {
	const struct auth_method *method; /* that the form was of */
	struct ipc_limits limits;	  /* 0: the zone's default */
	uint32_t terms;			  /* version that was accepted */
	char code[VOUCHER_CODE_MAX];	  /* until it is looked up */
	struct voucher_pass voucher;	  /* tag 0: it was none */
	uint64_t tag;			  /* of the session; 0: none */
	uint32_t devices;		  /* with that tag at once */
	bool replaces;			  /* another device with the code */
	/* of an account; NULL, or the credential's own */
	struct account_form *typed;
	struct radius_attempt *attempt; /* under way */
	struct radius_account *account; /* let in */
	struct login *login;		/* of OpenID Connect */
	uint64_t pseudonym;		/* of the device */
};

/* Wipes and frees what it holds of a person; limits and terms stay. */
void credential_clear(struct credential *pass);

#endif
