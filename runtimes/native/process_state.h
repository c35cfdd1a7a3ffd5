/* Whether a process's state is safe to copy: what a runtime looks at after INIT before it offers itself as a template.
 */
#ifndef MAYFLY_PROCESS_STATE_H_
#define MAYFLY_PROCESS_STATE_H_

#ifdef __cplusplus
extern "C" {
#endif

struct mayfly_process_state {
  int threads;         /* the main one included */
  int children;        /* child processes, also ended ones that nobody has waited for */
  int sockets;         /* descriptors above 4: sockets and pipes, shared with the other side */
  int event_fds;       /* epoll, eventfd, timerfd, inotify and their like: shared between clones */
  int writable_files;  /* ordinary files open for writing: one position for all clones */
  int shared_mappings; /* writable memory that clones would have in common */
};

/* 0, or -errno where /proc cannot be read. */
int mayfly_process_state(struct mayfly_process_state *state);

#ifdef __cplusplus
}
#endif

#endif
