#define _GNU_SOURCE
#include "fork_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int mayfly_fork_all_memory(void) {
  FILE *file = fopen("/proc/self/maps", "re");
  if (!file) return -errno;
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, file) > 0) {
    unsigned long from, to;
    char access[8];
    if (sscanf(line, "%lx-%lx %7s", &from, &to, access) != 3 || access[3] != 'p') continue;
    (void)madvise((void *)from, to - from, MADV_DOFORK);
  }
  free(line);
  fclose(file);
  return 0;
}
