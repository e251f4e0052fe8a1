/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program stadttor-portal. */
#ifndef STADTTOR_PORTAL_MAIN_H
#define STADTTOR_PORTAL_MAIN_H

/* As main(): what it returns is the exit status; it may also exit() itself. */
int portal_main(int argc, char **argv);

#endif
