/* Writes down what a program does to the files of one directory, so that a test can drop what was not synced.

   cc -shared -fPIC -o power_cut.so power_cut.c -ldl; LD_PRELOAD=power_cut.so RECORD_DIRECTORY=... RECORD_LOG=...

   A record: op (1 byte), length of the name (2), offset or size (8), length of the data (4), name, data; little endian.
   Ops: W write, S sync, T truncate, U unlink, R rename (the new name is the data). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int log_file = -1;
static const char *directory;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
    directory = getenv("RECORD_DIRECTORY");
    const char *log = getenv("RECORD_LOG");
    if (directory && log) log_file = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The name of a recorded file, or NULL. SQLite's shared memory is rebuilt after every crash. */
static const char *recorded(const char *path) {
    size_t length = directory ? strlen(directory) : 0;
    if (log_file < 0 || strncmp(path, directory, length) != 0 || path[length] != '/') return NULL;
    const char *name = path + length + 1, *end = strrchr(name, '-');
    return end && strcmp(end, "-shm") == 0 ? NULL : name;
}

static void record(char op, const char *path, int64_t offset, const void *data, uint32_t size) {
    const char *name = recorded(path);
    if (!name) return;
    uint16_t name_length = (uint16_t)strlen(name);
    size_t total = 15 + name_length + size;
    char *whole = malloc(total);
    whole[0] = op;
    memcpy(whole + 1, &name_length, 2);
    memcpy(whole + 3, &offset, 8);
    memcpy(whole + 11, &size, 4);
    memcpy(whole + 15, name, name_length);
    if (size) memcpy(whole + 15 + name_length, data, size);
    if (REAL(write)(log_file, whole, total) != (ssize_t)total) abort();
    free(whole);
}

static void record_open_file(char op, int file, int64_t offset, const void *data, uint32_t size) {
    char link[64], path[4096];
    if (log_file < 0 || file == log_file) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    record(op, path, offset, data, size);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t offset) {
    ssize_t written = REAL(pwrite64)(file, data, size, offset);
    if (written > 0) record_open_file('W', file, offset, data, (uint32_t)written);
    return written;
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset) { return pwrite64(file, data, size, offset); }

ssize_t write(int file, const void *data, size_t size) {
    off_t offset = log_file < 0 ? 0 : lseek(file, 0, SEEK_CUR);
    ssize_t written = REAL(write)(file, data, size);
    if (written > 0 && offset >= 0) record_open_file('W', file, offset, data, (uint32_t)written);
    return written;
}

int fsync(int file) {
    int result = REAL(fsync)(file);
    if (result == 0) record_open_file('S', file, 0, NULL, 0);
    return result;
}

int fdatasync(int file) {
    int result = REAL(fdatasync)(file);
    if (result == 0) record_open_file('S', file, 0, NULL, 0);
    return result;
}

int ftruncate64(int file, off64_t size) {
    int result = REAL(ftruncate64)(file, size);
    if (result == 0) record_open_file('T', file, size, NULL, 0);
    return result;
}

int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

int unlink(const char *path) {
    int result = REAL(unlink)(path);
    if (result == 0) record('U', path, 0, NULL, 0);
    return result;
}

int rename(const char *from, const char *to) {
    int result = REAL(rename)(from, to);
    const char *name = recorded(to);
    if (result == 0 && name) record('R', from, 0, name, (uint32_t)strlen(name));
    return result;
}
