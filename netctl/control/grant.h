/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is let in, with which limits, and who no longer is. */
#ifndef STADTTOR_NETCTL_CONTROL_GRANT_H
#define STADTTOR_NETCTL_CONTROL_GRANT_H

#include <stdint.h>

#include "common/addr.h"
#include "common/ipc.h"
#include "common/log.h"

struct controller;
struct session;

enum grant_asker { GRANT_ASKER_PORTAL, GRANT_ASKER_OPERATOR };

/*
 * The device behind a client's IP address. -ENOENT: nobody of that address has
 * been seen in a zone. *s may become NULL: no session.
 */
int grant_find(struct controller *c, const struct addr *client, uint16_t *zone,
	       struct mac *mac, struct session **s) MUST_CHECK;

/*
 * Lets the device in, or changes its session, by the rules of struct ipc_grant;
 * the portal's wishes end at the zone's ceilings. The session is in the kernel
 * after the next push. -ENOENT, -EINVAL, -EUSERS, -ENOSPC, -ENOMEM; -EAGAIN:
 * the device's session ends in this very turn; -EEXIST: it is a resident, whose
 * limits are the config's, and the portal's tap changes nothing; -EXDEV: there
 * are several zones, and a hardware address alone says none.
 */
int grant_session(struct controller *c, const struct ipc_grant *m,
		  enum grant_asker asker, struct session **s) MUST_CHECK;

/*
 * Lets a device in for good, as the config says, be the zone full or not; or
 * changes the caps of one that is. It has no session of another kind. 0 or
 * -ENOMEM.
 */
int grant_resident(struct controller *c, uint16_t zone, const struct mac *mac,
		   const struct ipc_limits *caps) MUST_CHECK;

/*
 * Lets a device in by the word of its city, with the zone's own limits and for
 * left_s at most. The session is in the kernel after the next push. 0, -EEXIST:
 * it has one; -ESHUTDOWN, -EDQUOT, -ENOSPC, -ENOMEM.
 */
int grant_roaming(struct controller *c, uint16_t zone, const struct mac *mac,
		  uint64_t left_s) MUST_CHECK;

/*
 * Ends sessions at the next push, those that struct ipc_revoke names. -EEXIST:
 * it is a resident; where many are meant, residents stay.
 */
int grant_revoke(struct controller *c, const struct ipc_revoke *m,
		 uint32_t *count) MUST_CHECK;

/*
 * The device's person has logged out: its session ends at the next push.
 * -EEXIST: it is a resident and stays.
 */
int grant_log_out(struct controller *c, struct session *s) MUST_CHECK;

/*
 * What a server wants of a session of its account: changes its limits, as far
 * as the zone's ceilings let it, or ends it at the next push. *s is that
 * session. -ENOENT: no account's session has that handle; -EINVAL;
 * -ESHUTDOWN: the zone is closed.
 */
int grant_change_account(struct controller *c,
			 const struct ipc_account_change *m,
			 struct session **s) MUST_CHECK;

/* The device's sessions end soon, where it sends nothing until then. */
void grant_left(struct controller *c, const struct mac *mac);

#endif
