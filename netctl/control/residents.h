/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices that the config lets in for good: printers, ticket machines. */
#ifndef STADTTOR_NETCTL_CONTROL_RESIDENTS_H
#define STADTTOR_NETCTL_CONTROL_RESIDENTS_H

struct controller;

/*
 * Those of the config are in after the next push, and no others. Sessions of
 * another kind that they had end at once.
 */
void residents_sync(struct controller *c);

#endif
