/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/backup/named.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup/copy.h"
#include "common/array.h"
#include "common/config/settings.h"

#define FILES	  "files"
#define LIST	  "files.list"
#define USER_MAX  33 /* with the closing NUL; as scanf() has it below */
#define NAMED_MAX (CONF_LIST_MAX + 4 * SETTINGS_RADII + 16)

struct named_file {
	const char *what; /* for people */
	const char *path; /* the config's */
	/* of a restore: open, or -1: it is not in the backup */
	int in;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool is_portals; /* its folder is not ours */
};

struct named {
	const struct cli *cli;
	const char *folder;
	struct named_file file[NAMED_MAX];
	size_t count;
};

static enum cli_exit failed(const struct named *n, const char *path, int err)
{
	if (err == -EINVAL)
		return cli_fail(n->cli, CLI_FAILED,
				"%s: not a regular file with one name", path);
	return cli_fail(n->cli, CLI_FAILED, "%s: %s", path, strerror(-err));
}

/* --- which -------------------------------------------------------------- */

/* Some are named twice. */
static void add(struct named *n, const char *what, const char *path)
{
	for (size_t i = 0; i < n->count; i++)
		if (!strcmp(n->file[i].path, path))
			return;
	if (*path && n->count < NAMED_MAX)
		n->file[n->count++] = (struct named_file){ .what = what,
							   .path = path,
							   .in = -1 };
}

static struct named *gather(const struct cli *cli, const char *folder,
			    const struct settings *s)
{
	const struct {
		const char *what, *path;
	} single[] = {
		{ "logo", s->portal.logo },
		{ "hero", s->portal.hero },
		{ "certificate", s->portal.certificate },
		{ "key", s->portal.key },
		{ "certificate", s->admin.certificate },
		{ "key", s->admin.key },
		{ "mail password", s->admin.mail_password },
		{ "oidc secret", s->oidc.secret },
		{ "oidc key", s->oidc.key },
	};
	const struct conf_list *terms = &s->legal.terms_file;
	struct named *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->cli = cli;
	n->folder = folder;
	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		add(n, single[i].what, single[i].path);
	for (size_t i = 0; i < terms->count; i++)
		add(n, "terms", strchr(terms->value[i], '=') + 1);
	for (size_t i = 0; i < s->radii; i++) {
		add(n, "radius secret", s->radius[i].secret_file);
		add(n, "radius ca", s->radius[i].ca);
		add(n, "certificate", s->radius[i].certificate);
		add(n, "key", s->radius[i].key);
	}
	return n;
}

void named_free(struct named *n)
{
	for (size_t i = 0; n && i < n->count; i++)
		if (n->file[i].in >= 0)
			close(n->file[i].in);
	free(n);
}

/* --- backup -------------------------------------------------------------- */

static int path_in(const struct named *n, const char *name, char path[PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s/%s", n->folder, name);

	return len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Within the folder, whatever the config has. */
static int copy_path(const struct named *n, const struct named_file *f,
		     char path[PATH_MAX])
{
	int len =
		snprintf(path, PATH_MAX, "%s/" FILES "%s", n->folder, f->path);

	if (strstr(f->path, "/../"))
		return -EINVAL;
	return len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* All folders of a path that are not there. */
static int make_folders(const char *file, mode_t mode)
{
	char path[PATH_MAX];
	size_t len = strlen(file);

	if (len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, file, len + 1);
	for (char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, mode) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* Only who owns all of it could have a link of root's lead elsewhere. */
static int open_named(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode) || st.st_uid != geteuid())
		return copy_open(path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

/* By name, since another box has other numbers. */
static int note(FILE *list, const struct named_file *f, int fd)
{
	const struct passwd *user;
	const struct group *group;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	user = getpwuid(st.st_uid);
	group = getgrgid(st.st_gid);
	fprintf(list, "%04o %s %s %s\n", (unsigned int)st.st_mode & 0777,
		user ? user->pw_name : "root", group ? group->gr_name : "root",
		f->path);
	return 0;
}

static int back_up(const struct named *n, const struct named_file *f,
		   FILE *list)
{
	char to[PATH_MAX];
	int in = open_named(f->path), out, err;

	if (in < 0)
		return in;
	err = copy_path(n, f, to);
	if (!err)
		err = make_folders(to, 0700);
	if (!err)
		err = note(list, f, in);
	out = err ? err : copy_create(to);
	if (out >= 0)
		err = copy_finish(out, to, copy_bytes(in, out));
	else
		err = out;
	close(in);
	return err;
}

static enum cli_exit back_up_all(const struct named *n, FILE *list)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct named_file *f = &n->file[i];
		int err = back_up(n, f, list);

		if (err && err != -ENOENT)
			return failed(n, f->path, err);
		printf("%-14s %s%s\n", f->what, f->path,
		       err ? ": none here" : "");
	}
	return CLI_DONE;
}

enum cli_exit named_back_up(const struct cli *cli, const char *folder,
			    const struct settings *s)
{
	struct named *n = gather(cli, folder, s);
	enum cli_exit code = CLI_DONE;
	char path[PATH_MAX];
	FILE *list;
	int err;

	if (!n)
		return cli_fail(cli, CLI_FAILED, "backup: out of memory");
	err = path_in(n, LIST, path);
	list = n->count && !err ? fopen(path, "wxe") : NULL;
	if (list)
		code = back_up_all(n, list);
	else if (n->count)
		code = failed(n, path, err ? err : -errno);
	if (list && (fflush(list) || fsync(fileno(list)) < 0) && !code)
		code = failed(n, path, -errno);
	if (list)
		fclose(list);
	named_free(n);
	return code;
}

/* --- restore ------------------------------------------------------------- */

static struct named_file *find(struct named *n, const char *path)
{
	for (size_t i = 0; i < n->count; i++)
		if (!strcmp(n->file[i].path, path))
			return &n->file[i];
	return NULL;
}

/* Owner and group have to be there; a file of nobody's is for root to give. */
static const char *take_owner(struct named_file *f, const char *owner,
			      const char *group)
{
	const struct passwd *pw = getpwnam(owner);
	const struct group *gr = getgrnam(group);

	if (!pw || !gr)
		return "there is no such user or group here";
	f->uid = pw->pw_uid;
	f->gid = gr->gr_gid;
	return NULL;
}

static bool folder_is_ours(const char *file)
{
	char folder[PATH_MAX];
	struct stat st;

	snprintf(folder, sizeof(folder), "%.*s",
		 (int)(strrchr(file, '/') - file), file);
	return stat(*folder ? folder : "/", &st) < 0 || st.st_uid == geteuid();
}

/* "0640 root stadttor-portal /etc/stadttor/key.pem"; what the config does not
 * name is left in the backup. */
static const char *take_line(struct named *n, const char *line)
{
	char owner[USER_MAX], group[USER_MAX], copy[PATH_MAX];
	struct named_file *f;
	const char *wrong;
	unsigned int mode;
	int at = 0;

	if (sscanf(line, "%o %32s %32s %n", &mode, owner, group, &at) != 3 ||
	    !at || line[at] != '/' || mode & ~0777U)
		return "not a line of mode, owner, group and file";
	f = find(n, line + at);
	if (!f)
		return NULL;
	wrong = take_owner(f, owner, group);
	if (wrong)
		return wrong;
	if (f->in >= 0)
		return "a file comes twice";
	if (copy_path(n, f, copy))
		return strerror(ENAMETOOLONG);
	f->in = copy_open(copy);
	if (f->in < 0)
		return "its copy is not in the backup";
	f->mode = (mode_t)mode;
	f->is_portals = !folder_is_ours(f->path);
	return NULL;
}

static enum cli_exit read_list(struct named *n, FILE *list, const char *path)
{
	char line[PATH_MAX + 2 * USER_MAX + 8];
	const char *wrong = NULL;

	while (!wrong && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		wrong = take_line(n, line);
	}
	if (wrong)
		return cli_fail(n->cli, CLI_FAILED, "%s: '%.200s': %s", path,
				line, wrong);
	return CLI_DONE;
}

enum cli_exit named_open(const struct cli *cli, const char *folder,
			 const struct settings *s, struct named **named)
{
	struct named *n = gather(cli, folder, s);
	enum cli_exit code = CLI_DONE;
	char path[PATH_MAX];
	FILE *list = NULL;
	int err;

	*named = n;
	if (!n)
		return cli_fail(cli, CLI_FAILED, "restore: out of memory");
	err = path_in(n, LIST, path);
	if (!err)
		list = fopen(path, "re");
	if (!list && !err && errno == ENOENT)
		return CLI_DONE;
	if (!list)
		return failed(n, path, err ? err : -errno);
	code = read_list(n, list, path);
	fclose(list);
	return code;
}

static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static int write_fresh(const struct named_file *f, const char *fresh)
{
	int out, err;

	unlink(fresh);
	out = copy_create(fresh);
	if (out < 0)
		return out;
	err = copy_bytes(f->in, out);
	if (!err && geteuid() == 0 && fchown(out, f->uid, f->gid) < 0)
		err = -errno;
	if (!err && fchmod(out, f->mode) < 0)
		err = -errno;
	return copy_finish(out, fresh, err);
}

static int put(const struct named_file *f)
{
	char fresh[PATH_MAX];
	mode_t before;
	int err;

	if (snprintf(fresh, sizeof(fresh), "%s.restore", f->path) >= PATH_MAX)
		return -ENAMETOOLONG;
	before = umask(0022);
	err = make_folders(f->path, 0755);
	umask(before);
	if (!err)
		err = write_fresh(f, fresh);
	if (!err)
		err = copy_swap_in(fresh, f->path);
	if (err)
		unlink(fresh);
	return err;
}

enum cli_exit named_restore(struct named *n, bool is_portals)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct named_file *f = &n->file[i];
		bool stays = is_link(f->path);
		int err;

		if (f->in < 0 || f->is_portals != is_portals)
			continue;
		err = stays ? 0 : put(f);
		if (err)
			return failed(n, f->path, err);
		printf("%-14s %s%s\n", f->what, f->path,
		       stays ? ": a link here, which stays" : "");
	}
	return CLI_DONE;
}
