/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fuzzer without the fuzzing, for any compiler: every file of the corpus, and
 * so many variants of each that are the same in every run.
 * Usage: replay_NAME VARIANTS FOLDER|FILE...
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN_MAX	 4096
#define PATH_LEN 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t state;
static unsigned long inputs;

static uint32_t chance(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

/* In a place of exactly its size, so that a sanitizer sees what is beyond. */
static void play(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		abort();
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	inputs++;
}

/* One change; returns the length of what it has become. */
static size_t vary(uint8_t *data, size_t len)
{
	static const char marks[] = "'\"\\\n\r\t %&=:;,/?#[]{}\0\xff\x80-0";
	size_t at = len ? chance((uint32_t)len) : 0;
	size_t part = len > at ? 1 + chance((uint32_t)(len - at)) : 0;

	switch (chance(6)) {
	case 0: /* a bit */
		if (len)
			data[at] ^= (uint8_t)(1u << chance(8));
		return len;
	case 1: /* a byte that means something to somebody */
		if (len)
			data[at] = (uint8_t)marks[chance(sizeof(marks))];
		return len;
	case 2: /* the end is missing */
		return at;
	case 3: /* a part is missing */
		memmove(data + at, data + at + part, len - at - part);
		return len - part;
	case 4: /* a part is there twice */
		if (len + part > LEN_MAX)
			return len;
		memmove(data + at + part, data + at, len - at);
		return len + part;
	default: /* a part is in another place */
		if (part)
			memmove(data + chance((uint32_t)(len - part + 1)),
				data + at, part);
		return len;
	}
}

static void play_file(const char *path, unsigned long variants)
{
	uint8_t data[LEN_MAX], changed[LEN_MAX];
	FILE *f = fopen(path, "rb");
	size_t len, changed_len;

	if (!f) {
		perror(path);
		exit(2);
	}
	len = fread(data, 1, sizeof(data), f);
	fclose(f);
	play(data, len);
	for (unsigned long n = 1; n <= variants; n++) {
		state = (uint32_t)n * 2654435761u | 1;
		memcpy(changed, data, len);
		changed_len = len;
		for (uint32_t i = 0, changes = 1 + chance(8); i < changes; i++)
			changed_len = vary(changed, changed_len);
		play(changed, changed_len);
	}
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int main(int argc, char **argv)
{
	unsigned long variants = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct dirent **found;
	char path[PATH_LEN];
	int count;

	if (argc < 3) {
		fprintf(stderr, "usage: %s VARIANTS FOLDER|FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		count = scandir(argv[i], &found, NULL, by_name);
		if (count < 0)
			play_file(argv[i], variants);
		for (int n = 0; n < count; n++) {
			snprintf(path, sizeof(path), "%s/%s", argv[i],
				 found[n]->d_name);
			if (found[n]->d_name[0] != '.')
				play_file(path, variants);
			free(found[n]);
		}
		if (count >= 0)
			free(found);
	}
	printf("%lu inputs\n", inputs);
	return 0;
}
