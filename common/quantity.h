/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Figures as people write them, in the config, on the command line and in a
 * query: "90", "1h30m", "2.5mbit", "500MB". Letters may be of either case.
 */
#ifndef STADTTOR_COMMON_QUANTITY_H
#define STADTTOR_COMMON_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Each takes the whole text, a number without a unit as it is, and up to three
 * digits of a fraction where a whole number remains. false: not of that form,
 * or too large; *out is untouched.
 */
bool quantity_parse_number(const char *text, uint64_t *out);
bool quantity_parse_seconds(const char *text, uint64_t *out); /* s, m, h, d */
bool quantity_parse_rate(const char *text, uint64_t *out);    /* bit to gbit */
bool quantity_parse_bytes(const char *text, uint64_t *out);   /* kB, GiB, ... */

/* In the largest unit that leaves a whole number; they parse to the same. */
void quantity_print_number(uint64_t v, FILE *out);
void quantity_print_seconds(uint64_t v, FILE *out);
void quantity_print_rate(uint64_t v, FILE *out);
void quantity_print_bytes(uint64_t v, FILE *out);

#endif
