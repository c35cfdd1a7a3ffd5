#define _GNU_SOURCE
#include "warm_pages.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; older ones refuse it, and pages fault in as ever */
#endif

enum { kPage = 4096, kListBytes = 64 << 10, kMaxGap = 2, kMaxPages = 4096, kReadAtOnce = 512 };

struct range {
  uint64_t from;
  uint64_t pages;
};

enum { kEmpty, kBeingWritten, kComplete };

struct list {
  _Atomic uint32_t state;
  uint32_t count;
  struct range ranges[];
};

enum { kMaxRanges = (kListBytes - sizeof(struct list)) / sizeof(struct range) };

static struct list *list;

void mayfly_warm_pages_begin(void) {
  void *memory = mmap(NULL, kListBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  list = memory == MAP_FAILED ? NULL : memory;
}

/* Adds a page to the last range, over a small gap if need be. 0 where the list is full. */
static int add(uint64_t page, uint64_t *total) {
  struct range *last = list->count > 0 ? &list->ranges[list->count - 1] : NULL;
  const uint64_t end = last ? last->from + last->pages * kPage : 0;
  if (last && page >= end && page <= end + kMaxGap * kPage) {
    *total += (page - end) / kPage + 1;
    last->pages = (page - last->from) / kPage + 1;
  } else {
    if (list->count == kMaxRanges) return 0;
    list->ranges[list->count++] = (struct range){page, 1};
    ++*total;
  }
  return *total <= kMaxPages;
}

/* Pages of one mapping that are this process's alone: copied or made since it was forked. */
static int note_mapping(int pagemap, uint64_t from, uint64_t to, uint64_t *total) {
  uint64_t entries[kReadAtOnce];
  for (uint64_t at = from; at < to;) {
    uint64_t count = (to - at) / kPage;
    if (count > kReadAtOnce) count = kReadAtOnce;
    const ssize_t got = pread(pagemap, entries, count * sizeof entries[0], (off_t)(at / kPage * sizeof entries[0]));
    if (got <= 0) return 1;
    for (ssize_t each = 0; each < got / (ssize_t)sizeof entries[0]; ++each) {
      const uint64_t kPresent = UINT64_C(1) << 63, kMappedOnce = UINT64_C(1) << 56;
      if ((entries[each] & kPresent) && (entries[each] & kMappedOnce) && !add(at + (uint64_t)each * kPage, total)) {
        return 0;
      }
    }
    at += (uint64_t)got / sizeof entries[0] * kPage;
  }
  return 1;
}

void mayfly_warm_pages_note(void) {
  uint32_t expected = kEmpty;
  if (!list || !atomic_compare_exchange_strong(&list->state, &expected, kBeingWritten)) return;
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  FILE *maps = fopen("/proc/self/maps", "re");
  char *line = NULL;
  size_t size = 0;
  uint64_t total = 0;
  int fits = pagemap >= 0 && maps != NULL;
  list->count = 0;
  while (fits && getline(&line, &size, maps) > 0) {
    unsigned long from, to;
    char access[8];
    if (sscanf(line, "%lx-%lx %7s", &from, &to, access) != 3 || access[1] != 'w' || access[3] != 'p') continue;
    fits = note_mapping(pagemap, from, to, &total);
  }
  free(line);
  if (maps) fclose(maps);
  if (pagemap >= 0) close(pagemap);
  /* Where the template has ended meanwhile, everything is this clone's alone: the list says nothing then. */
  if (!fits) list->count = 0;
  atomic_store(&list->state, kComplete);
}

void mayfly_warm_pages_copy(void) {
  if (!list || atomic_load(&list->state) != kComplete) return;
  uint32_t count = list->count;
  if (count > kMaxRanges) count = kMaxRanges;
  uint64_t left = kMaxPages;
  for (uint32_t at = 0; at < count; ++at) {
    const struct range each = list->ranges[at];
    if (each.pages > left) break;
    left -= each.pages;
    (void)madvise((void *)(uintptr_t)each.from, each.pages * kPage, MADV_POPULATE_WRITE);
  }
}
