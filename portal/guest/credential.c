/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/credential.h"

#include <stdlib.h>
#include <string.h>

#include "portal/guest/login.h"

void credential_clear(struct credential *pass)
{
	explicit_bzero(pass->code, sizeof(pass->code));
	if (pass->typed)
		explicit_bzero(pass->typed, sizeof(*pass->typed));
	free(pass->typed);
	pass->typed = NULL;
	radius_account_free(pass->account);
	pass->account = NULL;
	login_free(pass->login);
	pass->login = NULL;
}
