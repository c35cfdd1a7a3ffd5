/* The pages that a first event touches: noted by the first clone of a template, copied ahead by those that follow.
 *
 * The list is memory that a template and its clones share; all of them are environments of one function version. What a
 * clone writes there can make its siblings copy pages of their own, and nothing else: each range goes through madvise.
 */
#ifndef MAYFLY_WARM_PAGES_H_
#define MAYFLY_WARM_PAGES_H_

/* In the template, before it waits. */
void mayfly_warm_pages_begin(void);
/* In a clone, after its first event. */
void mayfly_warm_pages_note(void);
/* In a clone, before its first event. */
void mayfly_warm_pages_copy(void);

#endif
