/* Memory in huge pages, so that forks have few entries of page tables to copy. */
#ifndef MAYFLY_HUGE_PAGES_H_
#define MAYFLY_HUGE_PAGES_H_

#ifdef __cplusplus
extern "C" {
#endif

/* Moves this process's private memory into huge pages, wherever nearly all of one is in use. It takes some
 * milliseconds for each. No more than a try: Linux can it since 6.1, and has not always free ones. */
void mayfly_use_huge_pages(void);

#ifdef __cplusplus
}
#endif

#endif
