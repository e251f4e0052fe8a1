/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/accounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "portal/util/crypto.h"
#include "portal/util/file.h"
#include "portal/util/hex.h"

#define LN_DEFAULT 14
#define R_DEFAULT  8
#define P_DEFAULT  1
#define LN_MIN	   10
#define LN_MAX	   17
#define R_MAX	   32
#define P_MAX	   4
#define MEMORY_MAX (128 << 20) /* while a password is checked */
#define SALT_MIN   8
#define SALT_NEW   16
#define FIELDS_MAX 9
#define NAME_CHARS                                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* --- hashes ------------------------------------------------------------ */

static struct crypto_scrypt costs_of(const struct account *u)
{
	return (struct crypto_scrypt){
		.ln = u->ln,
		.r = u->r,
		.p = u->p,
		.salt = u->salt,
		.salt_len = u->salt_len,
	};
}

static bool hash_password(const struct account *u, const char *password,
			  uint8_t out[ACCOUNTS_HASH])
{
	struct crypto_scrypt costs = costs_of(u);

	return crypto_scrypt(&costs, password, out, ACCOUNTS_HASH);
}

static const struct account *find_user(const struct accounts *a,
				       const char *name)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->account[i].kind == ACCOUNT_USER &&
		    !strcmp(a->account[i].name, name))
			return &a->account[i];
	return NULL;
}

/* Costs what the first user costs, so that time tells no names. */
static struct account stand_in(const struct accounts *a)
{
	struct account nobody = {
		.ln = LN_DEFAULT,
		.r = R_DEFAULT,
		.p = P_DEFAULT,
		.salt_len = SALT_NEW,
	};

	for (size_t i = 0; i < a->count; i++)
		if (a->account[i].kind == ACCOUNT_USER)
			return a->account[i];
	return nobody;
}

const struct account *accounts_check_password(const struct accounts *a,
					      const char *name,
					      const char *password)
{
	const struct account *user = find_user(a, name);
	struct account tried = user ? *user : stand_in(a);
	uint8_t hash[ACCOUNTS_HASH] = { 0 };
	bool fits = hash_password(&tried, password, hash) &&
		    crypto_equal(hash, tried.hash, sizeof(hash));

	explicit_bzero(hash, sizeof(hash));
	return fits ? user : NULL;
}

const struct account *accounts_check_token(const struct accounts *a,
					   const char *token)
{
	const struct account *found = NULL;
	uint8_t hash[ACCOUNTS_HASH];

	crypto_sha256(token, strlen(token), hash);
	for (size_t i = 0; i < a->count; i++)
		if (a->account[i].kind == ACCOUNT_TOKEN &&
		    crypto_equal(hash, a->account[i].hash, sizeof(hash)))
			found = &a->account[i];
	return found;
}

const struct account *accounts_find_hash(const struct accounts *a,
					 const uint8_t hash[ACCOUNTS_HASH])
{
	for (size_t i = 0; i < a->count; i++)
		if (crypto_equal(hash, a->account[i].hash, ACCOUNTS_HASH))
			return &a->account[i];
	return NULL;
}

/* --- reading ----------------------------------------------------------- */

/* Cuts at the colons. The number of fields; more than max: max + 1. */
static size_t split(char *line, char *field[], size_t max)
{
	size_t n = 0;

	while (line && n < max)
		field[n++] = strsep(&line, ":");
	return line ? max + 1 : n;
}

static bool take_number(const char *text, uint32_t min, uint32_t max,
			uint32_t *out)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 3 || text[digits])
		return false;
	*out = (uint32_t)strtoul(text, NULL, 10);
	return *out >= min && *out <= max;
}

/* --- roles ------------------------------------------------------------- */

static const char *const role_words[ACCOUNT_ROLES] = {
	[ACCOUNT_READ] = "read",
	[ACCOUNT_VOUCHERS] = "vouchers",
	[ACCOUNT_ALL] = "all",
};

const char *accounts_role_to_string(enum account_role role)
{
	return role_words[role];
}

bool accounts_role_parse(const char *word, enum account_role *out)
{
	for (int i = 0; i < ACCOUNT_ROLES; i++)
		if (!strcmp(role_words[i], word)) {
			*out = (enum account_role)i;
			return true;
		}
	return false;
}

/* Earlier versions know lines without a role alone. */
void accounts_put_role(char line[ACCOUNTS_LINE_MAX], enum account_role role)
{
	size_t len = strcspn(line, "\n");

	if (role != ACCOUNT_READ)
		snprintf(line + len, ACCOUNTS_LINE_MAX - len, ":%s\n",
			 role_words[role]);
}

/* The last field, where there is one more than there must be. */
static bool take_role(struct account *a, char *field[], size_t fields,
		      size_t least)
{
	return fields == least || (fields == least + 1 &&
				   accounts_role_parse(field[least], &a->role));
}

static const char *take_user(struct account *u, char *field[], size_t fields)
{
	struct crypto_scrypt costs;
	int salt;

	if (!take_role(u, field, fields, 8) || strcmp(field[2], "scrypt"))
		return "a user is user:NAME:scrypt:LN:R:P:SALT:HASH, and "
		       ":read, "
		       ":vouchers or :all";
	if (!take_number(field[3], LN_MIN, LN_MAX, &u->ln) ||
	    !take_number(field[4], 1, R_MAX, &u->r) ||
	    !take_number(field[5], 1, P_MAX, &u->p))
		return "scrypt takes LN 10 to 17, R 1 to 32, P 1 to 4";
	costs = costs_of(u);
	if (crypto_scrypt_memory(&costs) > MEMORY_MAX + (1 << 20))
		return "scrypt would take more than 128 MB";
	salt = hex_parse(field[6], u->salt, sizeof(u->salt));
	if (salt < SALT_MIN)
		return "the salt is not 8 to 32 bytes in hexadecimal";
	u->salt_len = (size_t)salt;
	if (hex_parse(field[7], u->hash, ACCOUNTS_HASH) != ACCOUNTS_HASH)
		return "the hash is not 32 bytes in hexadecimal";
	return NULL;
}

static const char *take_token(struct account *t, char *field[], size_t fields)
{
	if (!take_role(t, field, fields, 4) || strcmp(field[2], "sha256"))
		return "a token is token:NAME:sha256:HASH, and :read, "
		       ":vouchers or :all";
	if (hex_parse(field[3], t->hash, ACCOUNTS_HASH) != ACCOUNTS_HASH)
		return "the hash is not 32 bytes in hexadecimal";
	return NULL;
}

static bool is_taken(const struct accounts *a, const struct account *who)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->account[i].kind == who->kind &&
		    !strcmp(a->account[i].name, who->name))
			return true;
	return false;
}

/* NULL: taken over; else what is wrong. */
static const char *take_line(struct accounts *a, char *line)
{
	char *field[FIELDS_MAX];
	size_t fields = split(line, field, FIELDS_MAX);
	struct account *next = &a->account[a->count];
	const char *what;

	if (a->count == ACCOUNTS_MAX)
		return "more than 64 accounts";
	if (strcmp(field[0], "user") && strcmp(field[0], "token"))
		return "a line starts with user: or token:";
	if (fields < 2 || !accounts_name_is_valid(field[1]))
		return "a name is 1 to 32 letters, digits, '.', '_' or '-'";
	memset(next, 0, sizeof(*next));
	snprintf(next->name, sizeof(next->name), "%s", field[1]);
	next->kind = *field[0] == 'u' ? ACCOUNT_USER : ACCOUNT_TOKEN;
	what = next->kind == ACCOUNT_USER ? take_user(next, field, fields)
					  : take_token(next, field, fields);
	if (what)
		return what;
	if (is_taken(a, next))
		return "a second account of this name";
	a->count++;
	return NULL;
}

static bool is_ignored(const char *line)
{
	line += strspn(line, " \t");
	return !*line || *line == '#';
}

/* text: ends with a NUL, and is cut into pieces */
static bool take_text(struct accounts *a, const char *path, char *text,
		      char error[ACCOUNTS_ERROR_MAX])
{
	unsigned int number = 0;

	while (text) {
		char *line = strsep(&text, "\n");
		const char *what;

		number++;
		what = is_ignored(line) ? NULL : take_line(a, line);
		if (what) {
			snprintf(error, ACCOUNTS_ERROR_MAX, "%.250s:%u: %s",
				 path, number, what);
			return false;
		}
	}
	return true;
}

struct accounts *accounts_parse(const char *path, const char *text, size_t len,
				char error[ACCOUNTS_ERROR_MAX])
{
	struct accounts *a = calloc(1, sizeof(*a));
	char *copy = malloc(len + 1);
	bool good = false;

	snprintf(error, ACCOUNTS_ERROR_MAX, "%.250s: out of memory", path);
	if (!a || !copy)
		goto out;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) == len)
		good = take_text(a, path, copy, error);
	else
		snprintf(error, ACCOUNTS_ERROR_MAX, "%.250s: holds a NUL byte",
			 path);
out:
	free(copy);
	if (good)
		return a;
	accounts_free(a);
	return NULL;
}

struct accounts *accounts_read(const char *path, char error[ACCOUNTS_ERROR_MAX])
{
	struct accounts *a;
	size_t len = 0;
	char *text = file_read(path, ACCOUNTS_FILE_MAX, &len);

	if (!text && errno != ENOENT) {
		snprintf(error, ACCOUNTS_ERROR_MAX, "%.250s: %s", path,
			 strerror(errno));
		return NULL;
	}
	a = accounts_parse(path, text ? text : "", len, error);
	free(text);
	return a;
}

void accounts_free(struct accounts *a)
{
	if (!a)
		return;
	explicit_bzero(a, sizeof(*a));
	free(a);
}

/* --- writing ----------------------------------------------------------- */

bool accounts_name_is_valid(const char *name)
{
	size_t len = strspn(name, NAME_CHARS);

	return len && len < ACCOUNTS_NAME_MAX && !name[len];
}

const char *accounts_password_complaint(const char *password)
{
	size_t len = strlen(password);

	if (len < ACCOUNTS_PASSWORD_MIN)
		return "a password has at least 10 characters";
	if (len > ACCOUNTS_PASSWORD_MAX)
		return "a password has at most 127 bytes";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)password[i] < 0x20 || password[i] == 0x7f)
			return "a password has no control characters";
	return NULL;
}

int accounts_build_user(char line[ACCOUNTS_LINE_MAX], const char *name,
			const char *password)
{
	struct account u = {
		.ln = LN_DEFAULT,
		.r = R_DEFAULT,
		.p = P_DEFAULT,
		.salt_len = SALT_NEW,
	};
	char salt[2 * SALT_NEW + 1];
	char hash[2 * ACCOUNTS_HASH + 1];

	if (!random_fill(u.salt, u.salt_len) ||
	    !hash_password(&u, password, u.hash))
		return -EIO;
	hex_build(salt, u.salt, u.salt_len);
	hex_build(hash, u.hash, sizeof(u.hash));
	snprintf(line, ACCOUNTS_LINE_MAX, "user:%s:scrypt:%u:%u:%u:%s:%s\n",
		 name, u.ln, u.r, u.p, salt, hash);
	return 0;
}

int accounts_build_token(char line[ACCOUNTS_LINE_MAX], const char *name,
			 char token[ACCOUNTS_TOKEN_MAX])
{
	uint8_t secret[(ACCOUNTS_TOKEN_MAX - 1) / 2];
	uint8_t hash[ACCOUNTS_HASH];
	char text[2 * ACCOUNTS_HASH + 1];

	if (!random_fill(secret, sizeof(secret)))
		return -EIO;
	hex_build(token, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	crypto_sha256(token, ACCOUNTS_TOKEN_MAX - 1, hash);
	hex_build(text, hash, sizeof(hash));
	snprintf(line, ACCOUNTS_LINE_MAX, "token:%s:sha256:%s\n", name, text);
	return 0;
}
