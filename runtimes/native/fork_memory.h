/* V8 keeps its heap and code out of forks (MADV_DONTFORK): a fork would fail at its first instruction of JavaScript. */
#ifndef MAYFLY_FORK_MEMORY_H_
#define MAYFLY_FORK_MEMORY_H_

#ifdef __cplusplus
extern "C" {
#endif

/* Has every private mapping that is there now copied to forks; those that the kernel does not let go (its own) never
 * were. 0, or -errno where /proc cannot be read. */
int mayfly_fork_all_memory(void);

#ifdef __cplusplus
}
#endif

#endif
