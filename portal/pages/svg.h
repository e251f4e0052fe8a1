/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a drawing draws and does nothing else. Browsers run no script of a
 * picture on a page and fetch nothing for it; who opens it by itself is
 * protected by the policy that it is sent with. This is for those who have
 * neither, and tells operators what their drawing program has left in it.
 */
#ifndef STADTTOR_PORTAL_PAGES_SVG_H
#define STADTTOR_PORTAL_PAGES_SVG_H

/*
 * What it has that no picture may have: scripts, handlers, motion, documents
 * within it, references to anything but its own parts. Fails closed: what
 * could be such a thing in disguise (entities, escapes) counts. NULL: nothing.
 */
const char *svg_find_fault(const char *text);

#endif
