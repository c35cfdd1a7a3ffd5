/* The clone primitive: a template waits in it, and clones of the template return from it.
 *
 * mayfly_clone_wait() never returns in the template while the warden holds its end of the channel (descriptor 4). For
 * each clone the warden has it make a "stand-by": a process that shares the template's memory (no page is copied),
 * enters the namespaces that were prepared for the clone, and waits. When a clone is wanted, the stand-by forks and
 * ends; the child drops every capability and joins no namespace any more, takes its descriptors, and returns from
 * mayfly_clone_wait() on the template's own stack.
 *
 * The caller must have no other thread. What must happen in the child before any of the user's code runs, happens
 * before this returns. Language runtimes run their own after-fork work after it.
 *
 * C, no dependencies but the C library; shared by the runtimes of all languages. */
#ifndef MAYFLY_CLONE_H_
#define MAYFLY_CLONE_H_

#ifdef __cplusplus
extern "C" {
#endif

/* 0 in a clone. In the template: -errno, where the channel has closed (-EPIPE) or cannot be used. */
int mayfly_clone_wait(void);

/* In a clone, once its first event is answered: notes which pages that took, for the clones that follow. They copy
 * those in a few calls before they return from mayfly_clone_wait(), instead of one page fault each. Only the first call
 * of all clones does anything; cheap otherwise. Failure costs time, nothing else. */
void mayfly_clone_note_pages(void);

#ifdef __cplusplus
}
#endif

#endif
