/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may see the dashboard: users with passwords, programs with tokens. Reads
 * and writes lines of the accounts file, which `stadttor passwd` keeps:
 *
 *	user:NAME:scrypt:LN:R:P:SALTHEX:HASHHEX[:ROLE]
 *	token:NAME:sha256:HASHHEX[:ROLE]
 *
 * Knows nothing of HTTP. The command line links it, too.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ACCOUNTS_H
#define STADTTOR_PORTAL_ADMIN_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"

#define ACCOUNTS_MAX	      64
#define ACCOUNTS_NAME_MAX     33  /* with the closing NUL */
#define ACCOUNTS_PASSWORD_MIN 10  /* of new ones */
#define ACCOUNTS_PASSWORD_MAX 127 /* as long as a field of a form */
#define ACCOUNTS_HASH	      32
#define ACCOUNTS_TOKEN_MAX    65 /* with the closing NUL */
#define ACCOUNTS_LINE_MAX     320
#define ACCOUNTS_FILE_MAX     65536
#define ACCOUNTS_ERROR_MAX    400

/* What it may do; each may what those before it may. */
enum account_role {
	ACCOUNT_READ, /* where no role is given */
	ACCOUNT_VOUCHERS,
	ACCOUNT_ALL,
	ACCOUNT_ROLES
};

enum account_kind { ACCOUNT_USER, ACCOUNT_TOKEN };

struct account {
	enum account_kind kind;
	enum account_role role;
	char name[ACCOUNTS_NAME_MAX];
	uint32_t ln, r, p; /* of scrypt: 2^ln, block size, parallel */
	uint8_t salt[32];
	size_t salt_len;
	uint8_t hash[ACCOUNTS_HASH];
};

struct accounts {
	size_t count;
	struct account account[ACCOUNTS_MAX];
};

/*
 * A file that is not there has no accounts. NULL: error says
 * "FILE:LINE: what is wrong".
 */
struct accounts *accounts_read(const char *path,
			       char error[ACCOUNTS_ERROR_MAX]) MUST_CHECK;
struct accounts *accounts_parse(const char *path, const char *text, size_t len,
				char error[ACCOUNTS_ERROR_MAX]) MUST_CHECK;

/*
 * Takes as long for a name that is not there. NULL: wrong name or password.
 * Blocks for some 50 ms and takes 16 MB meanwhile.
 */
const struct account *accounts_check_password(const struct accounts *a,
					      const char *name,
					      const char *password);
const struct account *accounts_check_token(const struct accounts *a,
					   const char *token);

/* The account with that hash: one whose password was not changed. */
const struct account *accounts_find_hash(const struct accounts *a,
					 const uint8_t hash[ACCOUNTS_HASH]);
void accounts_free(struct accounts *a);

const char *accounts_role_to_string(enum account_role role);
bool accounts_role_parse(const char *word, enum account_role *out);

/* To a line that one of accounts_build_...() wrote. */
void accounts_put_role(char line[ACCOUNTS_LINE_MAX], enum account_role role);

/* 1 to 32 of A-Z, a-z, 0-9, '.', '_' and '-'. */
bool accounts_name_is_valid(const char *name);

/* NULL: may be one; else what is wrong with it. */
const char *accounts_password_complaint(const char *password);

/* Both write a line with its end. -EIO: OpenSSL or no randomness. */
int accounts_build_user(char line[ACCOUNTS_LINE_MAX], const char *name,
			const char *password) MUST_CHECK;
int accounts_build_token(char line[ACCOUNTS_LINE_MAX], const char *name,
			 char token[ACCOUNTS_TOKEN_MAX]) MUST_CHECK;

#endif
