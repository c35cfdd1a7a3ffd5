#define _GNU_SOURCE
#include "process_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone_protocol.h"

static int count_entries(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return -errno;
  int count = 0;
  for (struct dirent *entry; (entry = readdir(folder));) count += entry->d_name[0] != '.';
  closedir(folder);
  return count;
}

/* Counting every process whose parent is this one needs no kernel option, and a sandbox has few processes. */
static int count_children(void) {
  DIR *folder = opendir("/proc");
  if (!folder) return -errno;
  int count = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    FILE *file = fopen(path, "re");
    if (!file) continue;
    const size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    const char *end = strrchr(text, ')');
    int parent = 0;
    if (end && sscanf(end + 1, " %*c %d", &parent) == 1 && parent == (int)getpid()) ++count;
  }
  closedir(folder);
  return count;
}

static int inspect_descriptors(struct mayfly_process_state *state) {
  DIR *folder = opendir("/proc/self/fd");
  if (!folder) return -errno;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    const int fd = atoi(entry->d_name);
    struct stat info;
    if (fd <= MAYFLY_CLONE_CHANNEL_FD || fd == dirfd(folder) || fstat(fd, &info) != 0) continue;
    if (S_ISSOCK(info.st_mode) || S_ISFIFO(info.st_mode)) {
      ++state->sockets;
    } else if (S_ISREG(info.st_mode)) {
      state->writable_files += (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
    } else if (!S_ISDIR(info.st_mode) && !S_ISCHR(info.st_mode)) {
      ++state->event_fds; /* anonymous inodes have no type */
    }
  }
  closedir(folder);
  return 0;
}

static int count_shared_mappings(void) {
  FILE *file = fopen("/proc/self/maps", "re");
  if (!file) return -errno;
  char *line = NULL;
  size_t size = 0;
  int count = 0;
  while (getline(&line, &size, file) > 0) {
    char access[8] = "";
    /* from-to rwxs ... : 's' is shared */
    if (sscanf(line, "%*s %7s", access) == 1 && access[1] == 'w' && access[3] == 's') ++count;
  }
  free(line);
  fclose(file);
  return count;
}

int mayfly_process_state(struct mayfly_process_state *state) {
  memset(state, 0, sizeof *state);
  state->threads = count_entries("/proc/self/task");
  if (state->threads < 0) return state->threads;
  state->children = count_children();
  if (state->children < 0) return state->children;
  state->shared_mappings = count_shared_mappings();
  if (state->shared_mappings < 0) return state->shared_mappings;
  return inspect_descriptors(state);
}
