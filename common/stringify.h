/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number's definition as text, for SQL and rulesets. */
#ifndef STADTTOR_COMMON_STRINGIFY_H
#define STADTTOR_COMMON_STRINGIFY_H

#define STRINGIFY(number)      STRINGIFY_TOKEN(number)
#define STRINGIFY_TOKEN(token) #token

#endif
