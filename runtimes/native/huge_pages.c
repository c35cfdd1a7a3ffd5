#define _GNU_SOURCE
#include "huge_pages.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

/* What is not in use yet of a huge page becomes memory in use, so at most an eighth may be. */
enum { kPage = 4096, kHugePage = 2 << 20, kPages = kHugePage / kPage, kLeastInUse = kPages - kPages / 8 };

static int in_use(void *at) {
  unsigned char pages[kPages];
  if (mincore(at, kHugePage, pages) != 0) return 0;
  int count = 0;
  for (int each = 0; each < kPages; ++each) count += pages[each] & 1;
  return count;
}

void mayfly_use_huge_pages(void) {
  FILE *maps = fopen("/proc/self/maps", "re");
  if (!maps) return;
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, maps) > 0) {
    unsigned long from, to, inode;
    char access[8];
    if (sscanf(line, "%lx-%lx %7s %*s %*s %lu", &from, &to, access, &inode) != 4 || inode != 0 || access[1] != 'w' ||
        access[3] != 'p') {
      continue;
    }
    for (uintptr_t at = (from + kHugePage - 1) / kHugePage * kHugePage; at + kHugePage <= to; at += kHugePage) {
      if (in_use((void *)at) >= kLeastInUse) (void)madvise((void *)at, kHugePage, MADV_COLLAPSE);
    }
  }
  free(line);
  fclose(maps);
}
