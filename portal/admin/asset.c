/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/asset.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/util/file.h"

#define SUFFIX	   ".gz"
#define SUFFIX_LEN 3
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789.-"

struct asset_set {
	size_t count;
	size_t bytes;
	struct asset asset[ASSET_COUNT_MAX];
};

static const struct {
	const char *ending;
	const char *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".json", "application/json" },
};

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].ending, dot))
			return types[i].type;
	return NULL;
}

/* "app.js.gz" -> "app.js"; false: not one of ours. */
static bool take_name(char out[ASSET_NAME_MAX], const char *file)
{
	size_t len = strlen(file);

	if (len <= SUFFIX_LEN || len - SUFFIX_LEN >= ASSET_NAME_MAX ||
	    strcmp(file + len - SUFFIX_LEN, SUFFIX) || *file == '.' ||
	    strspn(file, NAME_CHARS) != len)
		return false;
	memcpy(out, file, len - SUFFIX_LEN);
	out[len - SUFFIX_LEN] = '\0';
	return type_of(out) != NULL;
}

static bool is_gzip(const struct asset *a)
{
	return a->len > 18 && !memcmp(a->bytes, "\x1f\x8b\x08", 3);
}

static bool read_one(struct asset_set *set, const char *folder,
		     const char *file, char error[ASSET_ERROR_MAX])
{
	struct asset *a = &set->asset[set->count];
	char path[ASSET_ERROR_MAX - 64];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	if (set->count == ASSET_COUNT_MAX) {
		snprintf(error, ASSET_ERROR_MAX, "%s: more than %d files",
			 folder, ASSET_COUNT_MAX);
		return false;
	}
	a->bytes = file_read(path, ASSET_BYTES_MAX - set->bytes, &a->len);
	if (!a->bytes) {
		snprintf(error, ASSET_ERROR_MAX, "%s: %s", path,
			 errno == EFBIG ? "more than 512 kB in all"
					: strerror(errno));
		return false;
	}
	set->count++;
	set->bytes += a->len;
	a->type = type_of(a->name);
	a->is_page = !strncmp(a->type, "text/html", 9);
	if (!is_gzip(a))
		snprintf(error, ASSET_ERROR_MAX, "%s: not compressed by gzip",
			 path);
	return is_gzip(a);
}

static bool read_all(struct asset_set *set, DIR *dir, const char *folder,
		     char error[ASSET_ERROR_MAX])
{
	char name[ASSET_NAME_MAX];
	struct dirent *e;

	while ((e = readdir(dir))) {
		if (!take_name(name, e->d_name))
			continue;
		if (set->count < ASSET_COUNT_MAX)
			memcpy(set->asset[set->count].name, name, sizeof(name));
		if (!read_one(set, folder, e->d_name, error))
			return false;
	}
	return true;
}

struct asset_set *asset_set_read(const char *folder,
				 char error[ASSET_ERROR_MAX])
{
	struct asset_set *set = calloc(1, sizeof(*set));
	DIR *dir;
	bool good;

	if (!set) {
		snprintf(error, ASSET_ERROR_MAX, "out of memory");
		return NULL;
	}
	dir = opendir(folder);
	if (!dir && errno == ENOENT)
		return set;
	if (!dir)
		snprintf(error, ASSET_ERROR_MAX, "%.250s: %s", folder,
			 strerror(errno));
	good = dir && read_all(set, dir, folder, error);
	if (dir)
		closedir(dir);
	if (good)
		return set;
	asset_set_free(set);
	return NULL;
}

const struct asset *asset_find(const struct asset_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->asset[i].name, name))
			return &set->asset[i];
	return NULL;
}

void asset_set_free(struct asset_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		free(set->asset[i].bytes);
	free(set);
}
