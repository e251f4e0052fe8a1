/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Callbacks about what happens in the controller, for the server. */
#ifndef STADTTOR_NETCTL_CONTROL_WATCHER_H
#define STADTTOR_NETCTL_CONTROL_WATCHER_H

struct session;

/* Each may be NULL. */
struct controller_watcher {
	void (*on_pushed)(void *arg); /* a push has ended */
	void (*on_zones)(void *arg);  /* zones, addresses, ways out changed */
	/* a session has ended, and is gone when this returns */
	void (*on_ended)(const struct session *s, void *arg);
	void (*on_figures)(void *arg); /* usage figures wait to be fetched */
	void (*on_city)(void *arg);    /* likewise records of a city */
	void *arg;
};

#endif
