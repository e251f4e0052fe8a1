/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_session.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/random.h"
#include "portal/util/crypto.h"
#include "portal/util/hex.h"

struct admin_session {
	bool is_used;
	uint8_t hash[CRYPTO_SHA256]; /* of the key */
	uint8_t account[ACCOUNTS_HASH];
	uint64_t since_ms;
	uint64_t touched_ms;
};

struct admin_sessions {
	struct admin_session session[ADMIN_SESSIONS];
};

struct admin_sessions *admin_sessions_new(void)
{
	return calloc(1, sizeof(struct admin_sessions));
}

static void session_clear(struct admin_session *s)
{
	explicit_bzero(s, sizeof(*s));
}

static bool is_over(const struct admin_session *s, uint64_t now_ms)
{
	return now_ms - s->since_ms > ADMIN_SESSION_S * 1000ULL ||
	       now_ms - s->touched_ms > ADMIN_SESSION_IDLE_S * 1000ULL;
}

/* Looks at all of them, so that time does not tell which one fits. */
static struct admin_session *find(struct admin_sessions *s, const char *key)
{
	struct admin_session *found = NULL;
	uint8_t hash[CRYPTO_SHA256];
	uint64_t now_ms = clock_ms();

	if (strlen(key) != ADMIN_SESSION_KEY_LEN)
		return NULL;
	crypto_sha256(key, ADMIN_SESSION_KEY_LEN, hash);
	for (size_t i = 0; i < ADMIN_SESSIONS; i++) {
		struct admin_session *one = &s->session[i];

		if (one->is_used && is_over(one, now_ms))
			session_clear(one);
		if (crypto_equal(one->hash, hash, sizeof(hash)) && one->is_used)
			found = one;
	}
	return found;
}

static struct admin_session *make_room(struct admin_sessions *s)
{
	struct admin_session *oldest = &s->session[0];

	for (size_t i = 0; i < ADMIN_SESSIONS; i++) {
		if (!s->session[i].is_used)
			return &s->session[i];
		if (s->session[i].touched_ms < oldest->touched_ms)
			oldest = &s->session[i];
	}
	return oldest;
}

bool admin_session_add(struct admin_sessions *s, const struct account *who,
		       char key[ADMIN_SESSION_KEY_LEN + 1])
{
	uint8_t secret[ADMIN_SESSION_KEY_LEN / 2];
	struct admin_session *one = make_room(s);

	if (!random_fill(secret, sizeof(secret)))
		return false;
	hex_build(key, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	crypto_sha256(key, ADMIN_SESSION_KEY_LEN, one->hash);
	memcpy(one->account, who->hash, sizeof(one->account));
	one->since_ms = one->touched_ms = clock_ms();
	one->is_used = true;
	return true;
}

bool admin_session_touch(struct admin_sessions *s, const char *key)
{
	struct admin_session *one = find(s, key);

	if (one)
		one->touched_ms = clock_ms();
	return one != NULL;
}

const uint8_t *admin_session_account(struct admin_sessions *s, const char *key)
{
	const struct admin_session *one = find(s, key);

	return one ? one->account : NULL;
}

void admin_session_remove(struct admin_sessions *s, const char *key)
{
	struct admin_session *one = find(s, key);

	if (one)
		session_clear(one);
}

void admin_sessions_review(struct admin_sessions *s, const struct accounts *a)
{
	for (size_t i = 0; i < ADMIN_SESSIONS; i++)
		if (!accounts_find_hash(a, s->session[i].account))
			session_clear(&s->session[i]);
}

void admin_sessions_free(struct admin_sessions *s)
{
	if (!s)
		return;
	explicit_bzero(s, sizeof(*s));
	free(s);
}
