/* A disk that fails, for tests: loaded before libc (LD_PRELOAD), it stands between a program and the files under one
 * folder, counts what must survive a crash, and at the chosen step kills the program as a power cut would.
 *
 * Environment:
 *   FAULTFS_ROOT=folder     only files below it are looked at; without it nothing is done
 *   FAULTFS_COUNT=file      number of operations so far, so that a campaign can walk them
 *   FAULTFS_LOG=file        one line per operation: number, kind, path, offset, length
 *   FAULTFS_KILL_AT=n       SIGKILL before the n-th operation, from 1
 *   FAULTFS_ONLY="kind path [min max]"  KILL_AT counts only operations of this kind (as in the log; or `any`) on files whose
 *                           path begins so, of at least min and less than max bytes
 *   FAULTFS_TEAR=1          a write that is the n-th is done by half, then killed
 *   FAULTFS_FAIL_SYNC_AT=n  the n-th fsync or fdatasync, from 1, returns EIO. Later ones succeed, and what the failed one
 *                           should have saved is lost all the same at the end (Linux marks such pages clean)
 *   FAULTFS_DROP=1          whatever ends the program, what was not fsynced is undone: bytes, lengths, and names in folders
 *   FAULTFS_SEED=n          with DROP: only a part is undone, by blocks of 4096 bytes; names from one point on
 *
 * An operation: a file made, cut, written, synced, renamed, removed; a folder synced. Not looked at: memory-mapped files
 * (SQLite's `-shm`, which it makes anew after a crash), folders made and removed, modes, times. A program that calls the
 * kernel without libc is not seen.
 *
 * One lock around each operation, so their order is one order. The file's own handle for undoing is never closed: closing
 * any handle of a file would drop the POSIX locks that SQLite holds on it. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define BLOCK 4096

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_ftruncate)(int, off64_t);
static int (*real_truncate)(const char *, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_renameat)(int, const char *, int, const char *);
static int (*real_unlinkat)(int, const char *, int);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], side[PATH_MAX];
static size_t root_len;
static char only_kind[16], only_path[256];
static unsigned long only_min, only_max = ULONG_MAX, only_met;
static unsigned long kill_at, fail_sync_at, operations, syncs, kept_names;
static int tear, drop, seeded, faulted, count_fd = -1, log_fd = -1;
static unsigned long long seed;

/* What is not yet safe, oldest first. */
enum kind { WRITE, CUT, MAKE, RENAME, REMOVE };
enum state { PENDING, DOOMED, DURABLE };
struct record {
    enum kind kind;
    enum state state;
    size_t file;      /* WRITE, CUT: whose bytes */
    off64_t at, len;  /* WRITE: range written. CUT: from here, this many bytes went */
    off64_t old_len;  /* length before */
    char *before;     /* WRITE, CUT: bytes that stood there */
    size_t before_len;
    char *from, *to;  /* names: MAKE and REMOVE have `to` only */
    char *kept;       /* RENAME, REMOVE: where the displaced file is kept */
};
static struct record *records;
static size_t record_count, record_room;

struct file {
    dev_t dev;
    ino_t ino;
    int fd;
};
static struct file *files;
static size_t file_count, file_room;

static void die(const char *what) {
    dprintf(2, "faultfs: %s: %s\n", what, strerror(errno));
    _exit(97);
}

static unsigned long number(const char *name) {
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : 0;
}

static int report_to(const char *name) {
    const char *path = getenv(name);
    if (!path) return -1;
    int fd = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) die(path);
    return fd;
}

static void start(void) {
    real_open = dlsym(RTLD_NEXT, "open64");
    real_openat = dlsym(RTLD_NEXT, "openat64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_truncate = dlsym(RTLD_NEXT, "truncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_renameat = dlsym(RTLD_NEXT, "renameat");
    real_unlinkat = dlsym(RTLD_NEXT, "unlinkat");
    const char *folder = getenv("FAULTFS_ROOT");
    if (!folder) return;
    if (!realpath(folder, root)) die(folder);
    root_len = strlen(root);
    if (root_len + 32 > sizeof side) die("the folder's name is too long");
    snprintf(side, sizeof side, "%.*s.faultfs-%d", (int)(sizeof side - 32), root, (int)getpid());
    kill_at = number("FAULTFS_KILL_AT");
    const char *only = getenv("FAULTFS_ONLY");
    if (only && sscanf(only, "%15s %255s %lu %lu", only_kind, only_path, &only_min, &only_max) < 2) die("FAULTFS_ONLY");
    fail_sync_at = number("FAULTFS_FAIL_SYNC_AT");
    tear = number("FAULTFS_TEAR") != 0;
    drop = number("FAULTFS_DROP") != 0;
    seeded = getenv("FAULTFS_SEED") != NULL;
    seed = number("FAULTFS_SEED");
    count_fd = report_to("FAULTFS_COUNT");
    log_fd = report_to("FAULTFS_LOG");
    /* Handles are kept for ever. */
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void enter(void) {
    pthread_once(&once, start);
    if (root_len) pthread_mutex_lock(&lock);
}

static void leave(void) {
    if (root_len) pthread_mutex_unlock(&lock);
}

/* Names. */

static int is_below(const char *path) {
    size_t len = strlen(path);
    if (strncmp(path, root, root_len) != 0 || (path[root_len] != '/' && path[root_len] != 0)) return 0;
    return !(len > 4 && strcmp(path + len - 4, "-shm") == 0);
}

/* The name of an open file below the folder. */
static int name_of(int fd, char *path) {
    char link[64];
    if (!root_len) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    if (len < 0) return 0;
    path[len] = 0;
    return is_below(path);
}

/* The whole name of what a call names, its folder resolved. */
static int name_at(int folder, const char *given, char *path) {
    char whole[PATH_MAX], copy[PATH_MAX], parent[PATH_MAX];
    if (!root_len) return 0;
    if (given[0] == '/') {
        if (strlen(given) >= sizeof whole) return 0;
        strcpy(whole, given);
    } else {
        char base[PATH_MAX], link[64];
        if (folder == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t len = readlink(link, base, sizeof base - 1);
            if (len < 0) return 0;
            base[len] = 0;
        }
        if (strlen(base) + strlen(given) + 2 > sizeof whole) return 0;
        strcpy(whole, base);
        strcat(whole, "/");
        strcat(whole, given);
    }
    strcpy(copy, whole);
    if (!realpath(dirname(copy), parent)) return 0;
    strcpy(copy, whole);
    const char *last = basename(copy);
    if (strlen(parent) + strlen(last) + 2 > PATH_MAX) return 0;
    strcpy(path, parent);
    strcat(path, "/");
    strcat(path, last);
    return is_below(path);
}

static int is_in(const char *path, const char *folder) {
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/');
}

/* What is remembered. */

static struct record *add(enum kind kind) {
    if (record_count == record_room) {
        record_room = record_room ? record_room * 2 : 64;
        records = realloc(records, record_room * sizeof *records);
        if (!records) die("memory");
    }
    struct record *record = &records[record_count++];
    memset(record, 0, sizeof *record);
    record->kind = kind;
    return record;
}

static void forget(struct record *record) {
    if (record->kept) real_unlinkat(AT_FDCWD, record->kept, 0);
    free(record->before);
    free(record->from);
    free(record->to);
    free(record->kept);
}

static size_t file_of(int fd) {
    struct stat64 stat;
    if (fstat64(fd, &stat) != 0) die("fstat");
    for (size_t i = 0; i < file_count; i++)
        if (files[i].dev == stat.st_dev && files[i].ino == stat.st_ino) return i;
    if (file_count == file_room) {
        file_room = file_room ? file_room * 2 : 64;
        files = realloc(files, file_room * sizeof *files);
        if (!files) die("memory");
    }
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int own = real_open(link, O_RDWR | O_CLOEXEC);
    if (own < 0) die("a handle to undo with");
    files[file_count] = (struct file){stat.st_dev, stat.st_ino, own};
    return file_count++;
}

static off64_t length_of(int fd) {
    struct stat64 stat;
    return fstat64(fd, &stat) == 0 ? stat.st_size : 0;
}

static char *bytes(int fd, off64_t at, off64_t len, size_t *got) {
    char *buffer = malloc(len > 0 ? (size_t)len : 1);
    if (!buffer) die("memory");
    *got = 0;
    while ((off64_t)*got < len) {
        ssize_t n = pread64(fd, buffer + *got, (size_t)len - *got, at + (off64_t)*got);
        if (n <= 0) break;
        *got += (size_t)n;
    }
    return buffer;
}

static void remember_write(int fd, off64_t at, off64_t len) {
    if (!drop) return;
    size_t file = file_of(fd);
    off64_t old_len = length_of(fd);
    off64_t overlap = old_len > at ? (old_len - at < len ? old_len - at : len) : 0;
    struct record *record = add(WRITE);
    record->file = file;
    record->at = at;
    record->len = len;
    record->old_len = old_len;
    record->before = bytes(files[file].fd, at, overlap, &record->before_len);
}

static void remember_cut(int fd, off64_t to) {
    if (!drop) return;
    size_t file = file_of(fd);
    off64_t old_len = length_of(fd);
    if (old_len == to) return;
    struct record *record = add(CUT);
    record->file = file;
    record->at = to;
    record->old_len = old_len;
    if (old_len > to) record->before = bytes(files[file].fd, to, old_len - to, &record->before_len);
}

static char *keep(const char *path) {
    char name[PATH_MAX];
    struct stat64 stat;
    if (lstat64(path, &stat) != 0 || !S_ISREG(stat.st_mode)) return NULL;
    if (mkdir(side, 0700) != 0 && errno != EEXIST) die(side);
    snprintf(name, sizeof name, "%.*s/%lu", (int)(sizeof name - 32), side, kept_names++);
    if (link(path, name) != 0) die("a link to what is displaced");
    return strdup(name);
}

static void remember_name(enum kind kind, const char *from, const char *to) {
    if (!drop) return;
    char *kept = kind == MAKE ? NULL : keep(to);
    struct record *record = add(kind);
    record->from = from ? strdup(from) : NULL;
    record->to = strdup(to);
    record->kept = kept;
}

/* A file's bytes, or a folder's names, are safe. */
static void safe(int fd, const char *path) {
    struct stat64 stat;
    if (!drop || fstat64(fd, &stat) != 0) return;
    int folder = S_ISDIR(stat.st_mode), doomed = 0;
    size_t file = 0, left = 0;
    if (!folder) file = file_of(fd);
    for (size_t i = 0; i < record_count; i++)
        doomed |= !folder && records[i].kind <= CUT && records[i].file == file && records[i].state == DOOMED;
    for (size_t i = 0; i < record_count; i++) {
        struct record *record = &records[i];
        int mine = record->kind <= CUT ? !folder && record->file == file : folder && is_in(record->to, path);
        if (mine && record->state == PENDING) {
            /* Kept while an older loss could otherwise be undone over it. */
            if (doomed) record->state = DURABLE;
            else {
                forget(record);
                continue;
            }
        }
        records[left++] = *record;
    }
    record_count = left;
}

static void doom(int fd, const char *path) {
    struct stat64 stat;
    if (!drop || fstat64(fd, &stat) != 0) return;
    int folder = S_ISDIR(stat.st_mode);
    size_t file = folder ? 0 : file_of(fd);
    for (size_t i = 0; i < record_count; i++) {
        struct record *record = &records[i];
        int mine = record->kind <= CUT ? !folder && record->file == file : folder && is_in(record->to, path);
        if (mine && record->state == PENDING) record->state = DOOMED;
    }
}

/* The crash. */

static unsigned long long mix(unsigned long long z) {
    z += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static int is_dropped(const struct record *record, size_t index, off64_t block) {
    if (record->state == DOOMED || !seeded) return 1;
    return mix(seed ^ mix(index * 1000003ULL + (unsigned long long)block)) & 1;
}

/* Whether something later and safe stands at this byte. */
static int is_covered(size_t index, off64_t at) {
    for (size_t i = index + 1; i < record_count; i++) {
        struct record *later = &records[i];
        if (later->state == DURABLE && later->kind == WRITE && later->file == records[index].file &&
            at >= later->at && at < later->at + later->len)
            return 1;
    }
    return 0;
}

static void undo_write(size_t index) {
    struct record *record = &records[index];
    int fd = files[record->file].fd;
    off64_t end = record->at + record->len;
    for (off64_t block = record->at / BLOCK; block * BLOCK < end; block++) {
        if (!is_dropped(record, index, block)) continue;
        off64_t from = block * BLOCK > record->at ? block * BLOCK : record->at;
        off64_t to = (block + 1) * BLOCK < end ? (block + 1) * BLOCK : end;
        char old[BLOCK];
        for (off64_t at = from; at < to; at++) {
            off64_t within = at - record->at;
            old[at - from] = within < (off64_t)record->before_len ? record->before[within] : 0;
        }
        off64_t there = length_of(fd);
        if (to > there) to = there;
        if (record->state != DOOMED) {
            if (to > from) real_pwrite(fd, old, (size_t)(to - from), from);
            continue;
        }
        for (off64_t at = from; at < to; at++)
            if (!is_covered(index, at)) real_pwrite(fd, &old[at - from], 1, at);
    }
    /* What made the file longer, and nothing later stands behind it: it is as short as it was. */
    if (end > record->old_len && length_of(fd) == end && is_dropped(record, index, -1) &&
        !(record->state == DOOMED && is_covered(index, end - 1)))
        real_ftruncate(fd, record->old_len > record->at ? record->old_len : record->at);
    if (record->at > record->old_len && length_of(fd) == record->at) real_ftruncate(fd, record->old_len);
}

static void undo(size_t index, size_t names_from) {
    struct record *record = &records[index];
    int fd;
    if (record->state == DURABLE) return;
    switch (record->kind) {
    case WRITE:
        undo_write(index);
        return;
    case CUT:
        if (!is_dropped(record, index, 0)) return;
        fd = files[record->file].fd;
        if (length_of(fd) != record->at) return;
        real_ftruncate(fd, record->old_len);
        if (record->before_len) real_pwrite(fd, record->before, record->before_len, record->at);
        return;
    case MAKE:
        if (record->state == PENDING && index < names_from) return;
        real_unlinkat(AT_FDCWD, record->to, 0);
        return;
    case RENAME:
        if (record->state == PENDING && index < names_from) return;
        real_renameat(AT_FDCWD, record->to, AT_FDCWD, record->from);
        if (record->kept) real_renameat(AT_FDCWD, record->kept, AT_FDCWD, record->to);
        return;
    case REMOVE:
        if (record->state == PENDING && index < names_from) return;
        if (record->kept) real_renameat(AT_FDCWD, record->kept, AT_FDCWD, record->to);
        return;
    }
}

/* Undoes what is not safe, newest first. */
static void lose(void) {
    if (!drop) return;
    size_t names_from = seeded && record_count ? mix(seed) % (record_count + 1) : 0;
    for (size_t i = record_count; i > 0; i--) undo(i - 1, names_from);
    for (size_t i = 0; i < record_count; i++) forget(&records[i]);
    record_count = 0;
    rmdir(side);
}

static void crash(const char *how) {
    if (log_fd >= 0) dprintf(log_fd, "killed %s, %zu operations not yet safe\n", how, record_count);
    lose();
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* The end of a program that was let down and noticed is a crash, too: what it could not save is gone. */
__attribute__((destructor)) static void end(void) {
    if (!root_len) return;
    pthread_mutex_lock(&lock);
    if (faulted) lose();
    else
        for (size_t i = 0; i < record_count; i++) forget(&records[i]);
    if (!faulted && drop) rmdir(side);
    record_count = 0;
    pthread_mutex_unlock(&lock);
}

/* Whether KILL_AT counts it. */
static int counts(const char *what, const char *path, unsigned long len) {
    if (strcmp(only_kind, "any") != 0 && strcmp(only_kind, what) != 0) return 0;
    return strncmp(path, only_path, strlen(only_path)) == 0 && len >= only_min && len < only_max;
}

/* Counts an operation; true: it is the one to die at. */
static int step(const char *what, const char *path, off64_t at, off64_t len) {
    operations++;
    if (count_fd >= 0) {
        char text[32];
        int size = snprintf(text, sizeof text, "%020lu\n", operations);
        real_ftruncate(count_fd, 0);
        if (real_write(count_fd, text, (size_t)size) < 0) die("the count");
    }
    if (log_fd >= 0)
        dprintf(log_fd, "%lu %s %s %lld %lld\n", operations, what, path + root_len, (long long)at, (long long)len);
    if (only_kind[0]) return counts(what, path + root_len, (unsigned long)len) && ++only_met == kill_at;
    return operations == kill_at;
}

/* The calls. */

static int opened(int folder, const char *given, int flags, mode_t mode, int at) {
    char path[PATH_MAX];
    enter();
    int writes = (flags & O_ACCMODE) != O_RDONLY;
    if (!root_len || !(writes || (flags & O_CREAT)) || (flags & O_DIRECTORY) || !name_at(folder, given, path)) {
        leave();
        return at ? real_openat(folder, given, flags, mode) : real_open(given, flags, mode);
    }
    struct stat64 stat;
    int exists = stat64(path, &stat) == 0;
    int makes = !exists && (flags & O_CREAT);
    int cuts = exists && S_ISREG(stat.st_mode) && (flags & O_TRUNC) && stat.st_size > 0;
    if (makes && step("make", path, 0, 0)) crash("before a file was made");
    if (cuts && step("cut", path, 0, 0)) crash("before a file was emptied");
    int fd;
    if (cuts) {
        /* Opened first without cutting, so that its bytes can be kept. */
        fd = real_openat(folder, given, flags & ~O_TRUNC, mode);
        if (fd >= 0) {
            remember_cut(fd, 0);
            if (real_ftruncate(fd, 0) != 0) {
                int error = errno;
                close(fd);
                errno = error;
                fd = -1;
            }
        }
    } else {
        fd = real_openat(folder, given, flags, mode);
        if (fd >= 0 && makes) remember_name(MAKE, NULL, path);
    }
    int error = errno;
    leave();
    errno = error;
    return fd;
}

#define MODE_OF(flags)                                              \
    mode_t mode = 0;                                                \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                        \
        va_list rest;                                               \
        va_start(rest, flags);                                      \
        mode = (mode_t)va_arg(rest, int);                           \
        va_end(rest);                                               \
    }

int open(const char *path, int flags, ...) {
    MODE_OF(flags)
    return opened(AT_FDCWD, path, flags, mode, 0);
}
int open64(const char *path, int flags, ...) {
    MODE_OF(flags)
    return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode, 0);
}
int openat(int folder, const char *path, int flags, ...) {
    MODE_OF(flags)
    return opened(folder, path, flags, mode, 1);
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE_OF(flags)
    return opened(folder, path, flags | O_LARGEFILE, mode, 1);
}
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, 0); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* `at` < 0: at the handle's own place. */
static ssize_t written(int fd, const void *from, size_t len, off64_t at) {
    char path[PATH_MAX];
    enter();
    if (!name_of(fd, path)) {
        leave();
        return at < 0 ? real_write(fd, from, len) : real_pwrite(fd, from, len, at);
    }
    int flags = fcntl(fd, F_GETFL);
    off64_t place = (flags & O_APPEND) ? length_of(fd) : at < 0 ? lseek64(fd, 0, SEEK_CUR) : at;
    int last = step("write", path, place, (off64_t)len);
    if (last && !tear) crash("before a write");
    if (last) len /= 2;
    remember_write(fd, place, (off64_t)len);
    ssize_t done = at < 0 ? real_write(fd, from, len) : real_pwrite(fd, from, len, at);
    int error = errno;
    if (last) crash("in the middle of a write");
    leave();
    errno = error;
    return done;
}

static ssize_t gathered(int fd, const struct iovec *parts, int count, off64_t at) {
    size_t len = 0;
    for (int i = 0; i < count; i++) len += parts[i].iov_len;
    char *whole = malloc(len ? len : 1), *next = whole;
    if (!whole) {
        errno = ENOMEM;
        return -1;
    }
    for (int i = 0; i < count; i++) next = mempcpy(next, parts[i].iov_base, parts[i].iov_len);
    ssize_t done = written(fd, whole, len, at);
    int error = errno;
    free(whole);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *from, size_t len) { return written(fd, from, len, -1); }
ssize_t pwrite(int fd, const void *from, size_t len, off_t at) { return written(fd, from, len, at); }
ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at) { return written(fd, from, len, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return gathered(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return gathered(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return gathered(fd, parts, count, at); }

/* Copies inside the kernel are refused below the folder, so that they are done by reading and writing. */
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t len, unsigned int flags) {
    static ssize_t (*real)(int, off64_t *, int, off64_t *, size_t, unsigned int);
    char path[PATH_MAX];
    enter();
    int ours = name_of(out, path);
    leave();
    if (ours) {
        errno = EXDEV;
        return -1;
    }
    if (!real) real = dlsym(RTLD_NEXT, "copy_file_range");
    return real(in, from, out, to, len, flags);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t len) {
    static ssize_t (*real)(int, int, off64_t *, size_t);
    char path[PATH_MAX];
    enter();
    int ours = name_of(out, path);
    leave();
    if (ours) {
        errno = EINVAL;
        return -1;
    }
    if (!real) real = dlsym(RTLD_NEXT, "sendfile64");
    return real(out, in, at, len);
}

int ftruncate64(int fd, off64_t len) {
    char path[PATH_MAX];
    enter();
    if (!name_of(fd, path)) {
        leave();
        return real_ftruncate(fd, len);
    }
    if (step("cut", path, len, 0)) crash("before a file was cut");
    remember_cut(fd, len);
    int done = real_ftruncate(fd, len), error = errno;
    leave();
    errno = error;
    return done;
}
int ftruncate(int fd, off_t len) { return ftruncate64(fd, len); }

int truncate64(const char *given, off64_t len) {
    char path[PATH_MAX];
    enter();
    int ours = name_at(AT_FDCWD, given, path);
    leave();
    if (!ours) return real_truncate(given, len);
    int fd = open64(given, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int done = ftruncate64(fd, len), error = errno;
    close(fd);
    errno = error;
    return done;
}
int truncate(const char *path, off_t len) { return truncate64(path, len); }

static int synced(int fd, int (**real)(int), const char *what) {
    char path[PATH_MAX];
    enter();
    if (!name_of(fd, path)) {
        leave();
        return (*real)(fd);
    }
    syncs++;
    if (step(what, path, 0, 0)) crash("before a sync");
    int done = 0, error = 0;
    if (syncs == fail_sync_at) {
        if (log_fd >= 0) dprintf(log_fd, "failed sync %lu\n", syncs);
        doom(fd, path);
        faulted = 1;
        done = -1;
        error = EIO;
    } else {
        /* The machine does not crash in a test, so nothing need reach its disk: only the order is kept. */
        safe(fd, path);
    }
    leave();
    errno = error;
    return done;
}

int fsync(int fd) { return synced(fd, &real_fsync, "sync"); }
int fdatasync(int fd) { return synced(fd, &real_fdatasync, "sync"); }

static int renamed(int from_folder, const char *from, int to_folder, const char *to) {
    char source[PATH_MAX], target[PATH_MAX];
    enter();
    if (!name_at(from_folder, from, source) || !name_at(to_folder, to, target)) {
        leave();
        return real_renameat(from_folder, from, to_folder, to);
    }
    if (step("rename", target, 0, 0)) crash("before a file was renamed");
    remember_name(RENAME, source, target);
    int done = real_renameat(from_folder, from, to_folder, to), error = errno;
    if (done != 0 && drop) forget(&records[--record_count]);
    leave();
    errno = error;
    return done;
}

int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int a, const char *from, int b, const char *to) { return renamed(a, from, b, to); }
int renameat2(int a, const char *from, int b, const char *to, unsigned int flags) {
    static int (*real)(int, const char *, int, const char *, unsigned int);
    if (flags == 0) return renamed(a, from, b, to);
    if (!real) real = dlsym(RTLD_NEXT, "renameat2");
    return real(a, from, b, to, flags);
}

static int removed(int folder, const char *given, int flags) {
    char path[PATH_MAX];
    enter();
    if ((flags & AT_REMOVEDIR) || !name_at(folder, given, path)) {
        leave();
        return real_unlinkat(folder, given, flags);
    }
    if (step("remove", path, 0, 0)) crash("before a file was removed");
    remember_name(REMOVE, NULL, path);
    int done = real_unlinkat(folder, given, flags), error = errno;
    if (done != 0 && drop) forget(&records[--record_count]);
    leave();
    errno = error;
    return done;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return removed(folder, path, flags); }
