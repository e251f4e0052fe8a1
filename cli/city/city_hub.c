/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/city/city_hub.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/city/city_put.h"
#include "common/array.h"
#include "common/mkdir_for.h"
#include "common/privs.h"
#include "common/quantity.h"
#include "portal/util/file.h"

#define SECRET		"secret"
#define SECRET_FILE_MAX (8 * 1024 * 1024)
#define CLOCKS_APART_S	300
#define DAYS_WARNED	60

const char *city_hub_path(const struct city_hub *h, const char *name,
			  char out[CITY_FILE_MAX])
{
	snprintf(out, CITY_FILE_MAX, "%s/%s", h->folder, name);
	return out;
}

enum cli_exit city_hub_fail(const struct city_hub *h, const char *name, int err)
{
	return cli_fail(h->cli, CLI_FAILED, "%s%s%s: %s", h->folder,
			*name ? "/" : "", name, strerror(err));
}

/* --- opening ----------------------------------------------------------- */

static enum cli_exit missing(const struct city_hub *h)
{
	return cli_fail(h->cli, CLI_NOT_FOUND,
			"%s: there is no city here; make one by: stadttor "
			"city init CITY HOST:PORT",
			h->folder);
}

/* Root's; the daemon may pass, if it is installed already. */
static int make_folder(const struct city_hub *h)
{
	struct privs_user user = { 0 };
	char path[CITY_FILE_MAX];
	int err;

	if (privs_find_user(CITY_HUB_USER, &user))
		user.gid = getegid();
	user.uid = geteuid();
	err = mkdir_for(city_hub_path(h, SECRET, path), &user);
	if (!err && geteuid() == 0 && lchown(h->folder, 0, user.gid) < 0)
		err = -errno;
	return err;
}

static enum cli_exit lock_folder(struct city_hub *h, enum city_hub_mode mode)
{
	int err = mode == CITY_HUB_MAKE ? make_folder(h) : 0;

	if (err)
		return city_hub_fail(h, "", -err);
	h->lock = open(h->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->lock < 0 && errno == ENOENT)
		return missing(h);
	if (h->lock < 0 ||
	    flock(h->lock, mode == CITY_HUB_READ ? LOCK_SH : LOCK_EX) < 0)
		return city_hub_fail(h, "", errno);
	return CLI_DONE;
}

static enum cli_exit read_secret(struct city_hub *h, bool is_making)
{
	char path[CITY_FILE_MAX], error[CITY_ERROR_MAX];
	size_t len;
	char *text = file_read(city_hub_path(h, SECRET, path), SECRET_FILE_MAX,
			       &len);
	int err;

	if (!text && errno == ENOENT) {
		h->is_new = true;
		return is_making ? CLI_DONE : missing(h);
	}
	if (!text)
		return city_hub_fail(h, SECRET, errno);
	err = city_secret_parse(&h->secret, text, error);
	explicit_bzero(text, len);
	free(text);
	if (err == -EBADMSG)
		return cli_fail(h->cli, CLI_FAILED, "%s:%s", path, error);
	return err ? city_hub_fail(h, SECRET, -err) : CLI_DONE;
}

enum cli_exit city_hub_open(struct city_hub *h, const struct cli *cli,
			    enum city_hub_mode mode)
{
	enum cli_exit code;

	*h = (struct city_hub){ .cli = cli,
				.folder = cli->city.folder ? cli->city.folder
							   : CITY_HUB_FOLDER,
				.lock = -1,
				.now_s = time(NULL) };
	if (strlen(h->folder) > CITY_FILE_MAX - 64)
		return city_hub_fail(h, "", ENAMETOOLONG);
	/* a server that hangs up is an error like others */
	signal(SIGPIPE, SIG_IGN);
	code = lock_folder(h, mode);
	return code ? code : read_secret(h, mode == CITY_HUB_MAKE);
}

void city_hub_close(struct city_hub *h)
{
	for (size_t i = 0; i < CITY_NODES_MAX; i++)
		city_store_close(h->node[i]);
	city_secret_clear(&h->secret);
	if (h->lock >= 0)
		close(h->lock);
}

/* --- writing ----------------------------------------------------------- */

static int hand_over(int fd, enum city_reader reader)
{
	static const mode_t mode[] = {
		[CITY_ROOT] = 0600, [CITY_DAEMON] = 0640, [CITY_EVERYONE] = 0644
	};
	struct privs_user user = { 0 };

	if (reader == CITY_DAEMON && geteuid() == 0 &&
	    !privs_find_user(CITY_HUB_USER, &user) &&
	    fchown(fd, (uid_t)-1, user.gid) < 0)
		return -errno;
	return fchmod(fd, mode[reader]) < 0 ? -errno : 0;
}

enum cli_exit city_hub_write(const struct city_hub *h, const char *name,
			     enum city_reader reader,
			     bool (*print)(FILE *out, const void *arg),
			     const void *arg)
{
	char path[CITY_FILE_MAX], temporary[CITY_FILE_MAX + 8];
	int fd, err;
	FILE *f;

	city_hub_path(h, name, path);
	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return city_hub_fail(h, name, errno);
	err = -hand_over(fd, reader);
	f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		unlink(temporary);
		return city_hub_fail(h, name, ENOMEM);
	}
	errno = EIO;
	if (!err &&
	    (!print(f, arg) || fflush(f) || ferror(f) || fsync(fd) < 0 ||
	     rename(temporary, path) < 0 || fsync(h->lock) < 0))
		err = errno;
	fclose(f);
	if (!err)
		return CLI_DONE;
	unlink(temporary);
	return city_hub_fail(h, name, err);
}

enum cli_exit city_hub_give(const struct city_hub *h, const char *name,
			    enum city_reader reader)
{
	char path[CITY_FILE_MAX];
	int fd = open(city_hub_path(h, name, path),
		      O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int err = fd < 0 ? errno : -hand_over(fd, reader);

	if (fd >= 0)
		close(fd);
	return err ? city_hub_fail(h, name, err) : CLI_DONE;
}

enum cli_exit city_hub_mkdir(const struct city_hub *h, const char *name)
{
	char path[CITY_FILE_MAX];

	if (mkdir(city_hub_path(h, name, path), 0700) < 0 && errno != EEXIST)
		return city_hub_fail(h, name, errno);
	return CLI_DONE;
}

static bool print_secret(FILE *out, const void *arg)
{
	city_secret_print(arg, out);
	return true;
}

static void put_text(FILE *out, const char *name, const char *value)
{
	if (*value)
		city_put(out, "option", name, value);
}

static bool print_sites(FILE *out, const void *arg)
{
	const struct city_secret *s = arg;

	fputs("# Written by stadttor city; what is changed here is lost.\n"
	      "config city\n",
	      out);
	city_put(out, "option", "name", s->city);
	fputs("\toption shift '", out);
	quantity_print_seconds(s->shift_s, out);
	fprintf(out, "'\n\toption generation '%u'\n", s->generation);
	for (size_t i = 0; i < s->sites; i++) {
		const struct city_site *site = &s->site[i];

		fputs("\nconfig site\n", out);
		city_put(out, "option", "site", site->name);
		put_text(out, "district", site->district);
		put_text(out, "title", site->title);
		put_text(out, "lat", site->lat);
		put_text(out, "lon", site->lon);
	}
	return true;
}

static bool print_acl(FILE *out, const void *arg)
{
	city_acl_print(arg, out);
	return true;
}

enum cli_exit city_hub_save(const struct city_hub *h)
{
	static const struct {
		const char *name;
		enum city_reader reader;
		bool (*print)(FILE *out, const void *arg);
	} files[] = {
		{ SECRET, CITY_ROOT, print_secret },
		{ "sites.conf", CITY_DAEMON, print_sites },
		{ "store/stadttor.acl", CITY_ROOT, print_acl },
	};
	enum cli_exit code = CLI_DONE;

	for (size_t i = 0; !code && i < ARRAY_SIZE(files); i++)
		code = city_hub_write(h, files[i].name, files[i].reader,
				      files[i].print, &h->secret);
	return code;
}

/* --- the store --------------------------------------------------------- */

/* A key is moved on for good, so no wrong clock may do it. */
static bool has_same_time(struct city_hub *h, size_t i)
{
	int64_t time_s = city_store_time(h->node[i], h->why[i]);

	if (!time_s)
		return false;
	if (time_s < h->now_s - CLOCKS_APART_S ||
	    time_s > h->now_s + CLOCKS_APART_S) {
		snprintf(h->why[i], CITY_WHY_MAX,
			 "%.262s: its clock and this host's are %" PRId64
			 " s apart",
			 city_store_node(h->node[i]), time_s - h->now_s);
		return false;
	}
	return true;
}

static void warn_of_end(const struct city_hub *h, const struct city_store *node)
{
	int64_t days = city_store_days_left(node, h->now_s);

	if (days < DAYS_WARNED)
		fprintf(stderr,
			"warning: %s: its certificate ends in %" PRId64
			" days, and then no box reaches it; see stadttor city "
			"init\n",
			city_store_node(node), days);
}

/* false: why says what is wrong. */
static bool open_node(struct city_hub *h, size_t i)
{
	char ca[CITY_FILE_MAX];
	const struct city_store_login login = {
		.ca = city_hub_path(h, "ca.pem", ca),
		.user = city_acl_account(CITY_ADMIN),
		.password = h->secret.password[CITY_ADMIN],
	};
	bool is_master = false;

	h->node[i] = city_store_open(&login, h->secret.node[i], h->why[i]);
	if (h->node[i] && has_same_time(h, i) &&
	    city_store_is_master(h->node[i], &is_master, h->why[i])) {
		if (is_master)
			h->master = h->node[i];
		warn_of_end(h, h->node[i]);
		return true;
	}
	city_store_close(h->node[i]);
	h->node[i] = NULL;
	return false;
}

static enum cli_exit advance(struct city_hub *h)
{
	uint32_t today = city_day(h->now_s, h->secret.shift_s);

	if (!city_secret_advance(&h->secret, today))
		return CLI_DONE;
	return cli_fail(h->cli, CLI_FAILED,
			"%s/" SECRET ": its key is for day %" PRIu32
			" and today is day %" PRIu32 "; is the clock right?",
			h->folder, h->secret.day, today);
}

enum cli_exit city_hub_connect(struct city_hub *h, bool is_all)
{
	size_t reached = 0;

	for (size_t i = 0; i < h->secret.nodes; i++) {
		if (open_node(h, i))
			reached++;
		else if (is_all || h->secret.nodes == 1)
			return cli_fail(h->cli, CLI_UNREACHABLE, "%s",
					h->why[i]);
		else
			fprintf(stderr, "%s\n", h->why[i]);
	}
	if (!reached)
		return cli_fail(h->cli, CLI_UNREACHABLE,
				"no server of the store is reachable");
	if (!h->master && is_all)
		return cli_fail(h->cli, CLI_FAILED,
				"no server of the store takes writes: all of "
				"them are replicas");
	return advance(h);
}
