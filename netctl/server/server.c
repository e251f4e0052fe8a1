/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/server/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/clock.h"
#include "netctl/control/addresses.h"
#include "netctl/control/controller.h"
#include "netctl/control/describe.h"
#include "netctl/control/grant.h"
#include "netctl/control/newcomers.h"
#include "netctl/control/poll.h"
#include "netctl/control/push.h"
#include "netctl/control/today.h"
#include "netctl/server/accounts.h"
#include "netctl/server/city_messages.h"
#include "netctl/server/code_attempts.h"
#include "netctl/server/peer.h"
#include "netctl/server/pseudonyms.h"
#include "netctl/server/server_socket.h"
#include "netctl/server/session_page.h"
#include "netctl/session/session.h"
#include "netctl/usage/usage.h"

/* --- answers ----------------------------------------------------------- */

static void answer_session(struct peer *p, uint32_t id, const struct session *s,
			   int err)
{
	struct ipc_session m = { .header.id = id, .error = err };

	if (s)
		describe_session(p->server->controller, s, &m);
	if (err)
		controller_count_refusal(p->server->controller);
	ipc_channel_send(p->channel, IPC_SESSION, &m);
}

void peer_answer_done(struct peer *p, uint32_t id, int err, uint32_t count,
		      uint32_t cursor)
{
	struct ipc_done m = {
		.header.id = id, .error = err, .count = count, .cursor = cursor
	};

	ipc_channel_send(p->channel, IPC_DONE, &m);
}

/* The session is answered for when the kernel has it, or no more. */
static void answer_after_push(struct peer *p, uint32_t id,
			      const struct session *s, bool is_end)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (!w) {
		answer_session(p, id, NULL, -ENOMEM);
		return;
	}
	w->id = id;
	w->handle = s->handle;
	w->is_end = is_end;
	TAILQ_INSERT_TAIL(&p->waiting, w, next);
}

/* A session that waits for the rules to be put back is answered for later. */
static void answer_waiting(struct peer *p)
{
	struct session_table *sessions =
		controller_sessions(p->server->controller);
	struct waiting *w, *next;

	for (w = TAILQ_FIRST(&p->waiting); w; w = next) {
		struct session *s = session_find_handle(sessions, w->handle);

		next = TAILQ_NEXT(w, next);
		if (s && s->state == SESSION_GRANTED && !s->installed)
			continue;
		if (s && w->is_end)
			continue;
		TAILQ_REMOVE(&p->waiting, w, next);
		answer_session(p, w->id, s, s || w->is_end ? 0 : -EIO);
		free(w);
	}
}

static void on_pushed(void *arg)
{
	struct server *sv = arg;
	struct peer *p;

	LIST_FOREACH (p, &sv->peers, next)
		answer_waiting(p);
}

/*
 * In, or let in just now by its city, which knows it from elsewhere: but the
 * kernel does not let it through yet, and nobody is to be told before.
 */
static bool is_entering(struct controller *c, uint16_t zone,
			const struct mac *mac, struct session **s)
{
	if (!*s && newcomers_admit(c, zone, mac))
		*s = session_find(controller_sessions(c), zone, mac);
	return *s && (*s)->state == SESSION_GRANTED && !(*s)->installed;
}

/* --- requests ---------------------------------------------------------- */

/* Without a session, what the person is told depends on the zone. */
static void answer_lookup(struct peer *p, const struct ipc_lookup *question,
			  uint16_t zone, const struct mac *mac,
			  const struct session *s)
{
	struct ipc_session m = { .header.id = question->header.id };

	if (s)
		describe_session(p->server->controller, s, &m);
	else
		describe_place(p->server->controller, zone, &m);
	today_describe(p->server->controller, zone, mac, s, &m);
	if (question->attempt)
		m.pseudonym = accounts_pseudonym(p->server, zone, mac);
	ipc_channel_send(p->channel, IPC_SESSION, &m);
}

static void handle_lookup(struct ipc_channel *ch, const void *message,
			  void *arg)
{
	const struct ipc_lookup *m = message;
	struct peer *p = arg;
	struct session *s;
	struct mac mac;
	uint16_t zone;
	int err =
		grant_find(p->server->controller, &m->client, &zone, &mac, &s);

	(void)ch;
	if (s && session_left_s(s, clock_ms()) == 0)
		s = NULL;
	if (!err && m->attempt &&
	    !code_attempts_take(p->server->attempts, &mac, clock_ms()))
		err = -EDQUOT;
	if (!err && is_entering(p->server->controller, zone, &mac, &s)) {
		answer_after_push(p, m->header.id, s, false);
		return;
	}
	if (!err && !s && m->shown)
		usage_shown(controller_usage(p->server->controller), zone, &mac,
			    m->platform);
	if (err)
		answer_session(p, m->header.id, NULL, err);
	else
		answer_lookup(p, m, zone, &mac, s);
}

static void grant(struct peer *p, const struct ipc_grant *m,
		  enum grant_asker asker)
{
	struct session *s = NULL;
	int err = grant_session(p->server->controller, m, asker, &s);

	if (!err && s->is_new && !s->is_accepted &&
	    asker == GRANT_ASKER_PORTAL) {
		s->is_accepted = true; /* one tap may come as many */
		usage_accepted(controller_usage(p->server->controller), s->zone,
			       &s->mac, m->language);
	}
	if (err || !s->is_pending)
		answer_session(p, m->header.id, s, err);
	else
		answer_after_push(p, m->header.id, s, false);
}

static void handle_grant(struct ipc_channel *ch, const void *message, void *arg)
{
	(void)ch;
	grant(arg, message, GRANT_ASKER_PORTAL);
}

static void handle_admit(struct ipc_channel *ch, const void *message, void *arg)
{
	(void)ch;
	grant(arg, message, GRANT_ASKER_OPERATOR);
}

static void handle_logout(struct ipc_channel *ch, const void *message,
			  void *arg)
{
	const struct ipc_lookup *m = message;
	struct peer *p = arg;
	struct controller *c = p->server->controller;
	struct session *s;
	struct mac mac;
	uint16_t zone;
	int err = grant_find(c, &m->client, &zone, &mac, &s);

	(void)ch;
	if (s)
		err = grant_log_out(c, s);
	if (!s || err) {
		answer_session(p, m->header.id, NULL, err);
		return;
	}
	answer_after_push(p, m->header.id, s, true);
}

static void send_zones(struct peer *p, uint32_t id)
{
	const struct controller *c = p->server->controller;

	for (size_t i = 0; i < controller_settings(c)->zones; i++) {
		struct ipc_zone m = { .header.id = id };

		describe_zone(c, i, p->role->is_portal, &m);
		ipc_channel_send(p->channel, IPC_ZONE, &m);
	}
}

static void greet_portal(struct peer *p)
{
	send_zones(p, 0);
}

static void handle_status(struct ipc_channel *ch, const void *message,
			  void *arg)
{
	const struct ipc_status *m = message;
	struct peer *p = arg;
	const struct controller *c = p->server->controller;
	struct ipc_totals t = { .header.id = m->header.id };

	(void)ch;
	describe_totals(c, &t);
	ipc_channel_send(p->channel, IPC_TOTALS, &t);
	send_zones(p, m->header.id);
	city_send_state(p, m->header.id);
	peer_answer_done(p, m->header.id, 0,
			 (uint32_t)controller_settings(c)->zones, 0);
}

/* Of the box's own addresses alone, so that nothing is told of guests. */
static void handle_device_ask(struct ipc_channel *ch, const void *message,
			      void *arg)
{
	const struct ipc_device_ask *m = message;
	const struct peer *p = arg;
	struct controller *c = p->server->controller;
	struct ipc_device d = { .header.id = m->header.id };

	d.error = addresses_find_device(c, &m->address, &d);
	if (d.error == -EINVAL)
		controller_count_refusal(c);
	ipc_channel_send(ch, IPC_DEVICE, &d);
}

/* --- health ------------------------------------------------------------ */

static void handle_health(struct ipc_channel *ch, const void *message,
			  void *arg)
{
	const struct ipc_status *m = message;
	const struct peer *p = arg;
	struct ipc_health h = { .header.id = m->header.id };

	describe_health(p->server->controller, p->role->is_portal, &h);
	ipc_channel_send(ch, IPC_HEALTH, &h);
}

/* --- accounts ---------------------------------------------------------- */

static void on_ended(const struct session *s, void *arg)
{
	struct server *sv = arg;
	struct peer *p;

	LIST_FOREACH (p, &sv->peers, next)
		if (s->is_account && p->role->greet == greet_portal)
			accounts_send(p, 0, s, 0);
}

/* --- usage figures ----------------------------------------------------- */

/* Some, if there are any: the peer asks again when it has them. */
static void send_cells(struct peer *p)
{
	const struct usage *u = controller_usage(p->server->controller);
	struct ipc_usage_cell cell[IPC_USAGE_CELLS];
	size_t count = usage_read(u, p->last_cell, cell, IPC_USAGE_CELLS);

	p->wants_cells = !count;
	for (size_t i = 0; i < count; i++)
		ipc_channel_send(p->channel, IPC_USAGE_CELL, &cell[i]);
}

static void handle_usage_next(struct ipc_channel *ch, const void *message,
			      void *arg)
{
	const struct ipc_usage_next *m = message;
	struct peer *p = arg;
	struct usage *u = controller_usage(p->server->controller);
	bool is_ours = m->stream == usage_stream(u);

	(void)ch;
	if (is_ours)
		usage_forget(u, m->committed);
	p->last_cell = is_ours ? m->after : 0;
	send_cells(p);
}

static void on_figures(void *arg)
{
	struct server *sv = arg;
	struct peer *p;

	LIST_FOREACH (p, &sv->peers, next)
		if (p->wants_cells)
			send_cells(p);
}

static void on_city(void *arg)
{
	struct server *sv = arg;
	struct peer *p;

	LIST_FOREACH (p, &sv->peers, next)
		if (p->wants_records)
			city_send_records(p);
}

/* --- lists ------------------------------------------------------------- */

static void send_addresses(struct peer *p, const struct session_page *page,
			   const struct session *s, uint32_t id)
{
	struct ipc_address m = { .header.id = id, .mac = s->mac, .has_mac = 1 };

	ipc_channel_send(p->channel, IPC_ADDRESS, &m);
	for (size_t i = 0; i < page->addresses; i++) {
		struct ipc_address a = { .header.id = id,
					 .ip = page->address[i].ip };

		if (page->address[i].session == s)
			ipc_channel_send(p->channel, IPC_ADDRESS, &a);
	}
}

static void handle_list(struct ipc_channel *ch, const void *message, void *arg)
{
	const struct ipc_list *m = message;
	struct peer *p = arg;
	struct controller *c = p->server->controller;
	struct session_page page;
	uint32_t next;

	(void)ch;
	if (!m->cursor)
		poll_sessions(c); /* figures of now */
	if (!m->cursor && m->show_addresses)
		log_info("audit: uid %u is shown the addresses of all %u "
			 "sessions",
			 p->uid, session_count(controller_sessions(c)));
	next = session_page_fill(&page, c, m->cursor);
	if (m->show_addresses)
		session_page_find_addresses(&page, c);
	for (uint32_t i = 0; i < page.count; i++) {
		answer_session(p, m->header.id, page.session[i], 0);
		if (m->show_addresses)
			send_addresses(p, &page, page.session[i], m->header.id);
	}
	peer_answer_done(p, m->header.id, 0, page.count, next);
	session_page_clear(&page);
}

static void handle_revoke(struct ipc_channel *ch, const void *message,
			  void *arg)
{
	const struct ipc_revoke *m = message;
	struct peer *p = arg;
	uint32_t count = 0;
	int err = grant_revoke(p->server->controller, m, &count);

	(void)ch;
	if (count)
		push_sessions(p->server->controller); /* done means: shut out */
	peer_answer_done(p, m->header.id, err, count, 0);
}

/* What the portal has begun it may end, by the number that it gave. */
static void handle_revoke_tag(struct ipc_channel *ch, const void *message,
			      void *arg)
{
	const struct ipc_revoke *m = message;
	struct peer *p = arg;

	if (m->tag)
		handle_revoke(ch, message, arg);
	else
		peer_answer_done(p, m->header.id, -EACCES, 0, 0);
}

/* Who may send what, and of which size; anything else is a breach. */
static const struct ipc_handler portal_handlers[IPC_TYPE_MAX] = {
	[IPC_REVOKE] = { handle_revoke_tag },
	[IPC_LOOKUP] = { handle_lookup },
	[IPC_GRANT] = { handle_grant },
	[IPC_LOGOUT] = { handle_logout },
	[IPC_USAGE_NEXT] = { handle_usage_next },
	[IPC_HEALTH_ASK] = { handle_health },
	[IPC_DEVICE_ASK] = { handle_device_ask },
	[IPC_CITY_FEED] = { city_handle_feed },
	[IPC_CITY_CLOCK] = { city_handle_clock },
	[IPC_CITY_NEXT] = { city_handle_next },
	[IPC_CITY_KEY] = { city_handle_key },
	[IPC_CITY_ASK] = { city_handle_ask },
	[IPC_ACCOUNT_ASK] = { accounts_handle },
	[IPC_ACCOUNT_CHANGE] = { accounts_handle },
};

static const struct ipc_handler operator_handlers[IPC_TYPE_MAX] = {
	[IPC_LOOKUP] = { handle_lookup },
	[IPC_ADMIT] = { handle_admit },
	[IPC_STATUS] = { handle_status },
	[IPC_LIST] = { handle_list },
	[IPC_REVOKE] = { handle_revoke },
	[IPC_HEALTH_ASK] = { handle_health },
	[IPC_CITY_ASK] = { city_handle_ask },
};

/* --- peers ------------------------------------------------------------- */

static const struct role portal_role = { "portal", portal_handlers, 8, 20000,
					 true,	   greet_portal };
static const struct role operator_role = { "operator", operator_handlers,
					   24,	       5000,
					   false,      NULL };
static void peer_free(struct peer *p)
{
	struct waiting *w;

	while ((w = TAILQ_FIRST(&p->waiting))) {
		TAILQ_REMOVE(&p->waiting, w, next);
		free(w);
	}
	ipc_channel_free(p->channel);
	LIST_REMOVE(p, next);
	free(p);
}

/* A kind of breach is worth one line, however often it happens. */
static void log_breach(struct server *sv, const char *who, const char *why)
{
	for (size_t i = 0; i < BREACHES_MAX; i++) {
		if (sv->breach[i] && !strcmp(sv->breach[i], why))
			return;
		if (sv->breach[i])
			continue;
		sv->breach[i] = why;
		log_warn("%s: %s; closing the connection (said once)", who,
			 why);
		return;
	}
}

static void on_peer_close(struct ipc_channel *ch, const char *why, void *arg)
{
	struct peer *p = arg;

	(void)ch;
	if (why) {
		controller_count_refusal(p->server->controller);
		log_breach(p->server, p->role->name, why);
	}
	peer_free(p);
}

/* NULL: of a user who has no business here. */
static const struct role *find_role(const struct server *sv, int fd, uid_t *uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return NULL;
	*uid = cred.uid;
	if (cred.uid == sv->portal)
		return &portal_role;
	if (sv->has_events && cred.uid == sv->events)
		return &peer_events_role;
	if (cred.uid == 0 || cred.uid == sv->owner)
		return &operator_role;
	return NULL;
}

static bool role_is_full(const struct server *sv, const struct role *role)
{
	const struct peer *p;
	unsigned int count = 0;

	LIST_FOREACH (p, &sv->peers, next)
		count += p->role == role;
	return count >= role->peers_max;
}

static void add_peer(struct server *sv, int fd, const struct role *role,
		     uid_t uid)
{
	struct peer *p = calloc(1, sizeof(*p));
	const struct ipc_channel_config config = {
		.base = sv->base,
		.fd = fd,
		.handlers = role->handlers,
		.budget_per_s = role->messages_per_s,
		.on_close = on_peer_close,
		.arg = p,
	};

	if (!p) {
		close(fd);
		return;
	}
	p->server = sv;
	p->role = role;
	p->uid = uid;
	TAILQ_INIT(&p->waiting);
	p->channel = ipc_channel_new(&config);
	if (!p->channel) {
		free(p);
		return;
	}
	LIST_INSERT_HEAD(&sv->peers, p, next);
	if (role->greet)
		role->greet(p);
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct server *sv = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	const struct role *role;
	uid_t uid = 0;

	(void)what;
	if (fd < 0)
		return;
	role = find_role(sv, fd, &uid);
	if (!role || role_is_full(sv, role)) {
		log_breach(sv, role ? role->name : "somebody",
			   role ? "too many connections"
				: "connection of an unknown user");
		close(fd);
		return;
	}
	add_peer(sv, fd, role, uid);
}

static void on_zones(void *arg)
{
	struct server *sv = arg;
	struct peer *p;

	LIST_FOREACH (p, &sv->peers, next)
		if (p->role->greet)
			p->role->greet(p);
}

/* --- life -------------------------------------------------------------- */

struct server *server_new(struct event_base *base, struct controller *c,
			  const struct server_users *users)
{
	const struct privs_user *owner = &users->owner;
	const struct privs_user *portal = &users->portal;
	uid_t events = users->events.uid;
	struct server *sv = calloc(1, sizeof(*sv));
	const char *path = controller_settings(c)->gate.socket;
	int fd = sv ? server_socket_open(path, owner, portal) : -ENOMEM;

	if (fd < 0) {
		log_error("%s: %s", path,
			  fd == -EADDRINUSE ? "another netctl is running"
					    : strerror(-fd));
		free(sv);
		errno = -fd;
		return NULL;
	}
	sv->base = base;
	sv->controller = c;
	sv->attempts = code_attempts_new();
	sv->pseudonyms = pseudonyms_new();
	if (!sv->attempts || !sv->pseudonyms)
		fatal("no memory or no randomness");
	sv->owner = owner->uid;
	sv->portal = portal->uid;
	sv->events = events;
	sv->has_events = users->has_events && events && events != owner->uid &&
			 events != portal->uid;
	LIST_INIT(&sv->peers);
	event_assign(&sv->accept_event, base, fd, EV_READ | EV_PERSIST,
		     on_accept, sv);
	event_add(&sv->accept_event, NULL);
	controller_watch(c, &(struct controller_watcher){
				    .on_pushed = on_pushed,
				    .on_zones = on_zones,
				    .on_ended = on_ended,
				    .on_figures = on_figures,
				    .on_city = on_city,
				    .arg = sv,
			    });
	return sv;
}

void server_free(struct server *sv)
{
	struct peer *p;

	if (!sv)
		return;
	controller_watch(sv->controller, NULL);
	while ((p = LIST_FIRST(&sv->peers)))
		peer_free(p);
	event_del(&sv->accept_event);
	close(event_get_fd(&sv->accept_event));
	code_attempts_free(sv->attempts);
	pseudonyms_free(sv->pseudonyms);
	free(sv);
}
