/* The Node.js addon mayfly.node: the clone primitive, what a template must not hold, and what a clone needs.
 *
 * N-API, so one build serves every Node.js from 18 on. Called on the main thread only.
 *
 *   processState()   -> counts: threads, children, sockets, eventFds, writableFiles, sharedMappings, work (requests that
 *                       libuv has under way)
 *   waitForClone()   returns in a clone only: 32 random bytes; throws where this process cannot be a template (any more).
 *                    Not from within a callback of a descriptor (setImmediate is the place): it replaces the loop's epoll
 *   notePages()      after a clone's first event: which pages it took, for the clones that follow
 *   pid()            of this process, as it is now: process.pid is the template's
 *   exit(status)     without Node's own clean-up, which waits for threads that a clone does not have
 *
 * Why a fork of Node needs more than fork(): V8 keeps its heap and code out of forks (MADV_DONTFORK); libuv's epoll would be
 * shared with the template; OpenSSL notices a fork by its process number, which is the same in every sandbox. */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "mayfly_clone.h"
#include "process_state.h"

enum { kControl = 3, kRandomBytes = 32 };

/* The beginning of libuv's uv_loop_t, the same in all of version 1: its header is not everywhere where Node's is. */
struct loop_head {
  void *data;
  unsigned int active_handles;
  void *handle_queue[2];
  union {
    void *unused;
    unsigned int count;
  } active_requests;
};

extern int uv_loop_fork(struct uv_loop_s *loop);

static napi_value fail(napi_env env, const char *what, int error) {
  char text[160];
  snprintf(text, sizeof text, "%s: %s", what, strerror(error));
  napi_throw_error(env, NULL, text);
  return NULL;
}

static struct uv_loop_s *loop_of(napi_env env) {
  struct uv_loop_s *loop = NULL;
  return napi_get_uv_event_loop(env, &loop) == napi_ok ? loop : NULL;
}

/* Every private mapping shall be copied; those that the kernel does not let go (its own) never were. */
static int copy_all_memory(void) {
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

/* Node exports OpenSSL's functions, its own copy's or the distribution's. */
static int renew_openssl(const unsigned char *seed, int size) {
  void (*add)(const void *, int, double) = (void (*)(const void *, int, double))dlsym(RTLD_DEFAULT, "RAND_add");
  if (!add) return -ENOSYS;
  add(seed, size, size);
  return 0;
}

static napi_value wait_for_clone(napi_env env, napi_callback_info info) {
  (void)info;
  struct uv_loop_s *loop = loop_of(env);
  if (!loop || !dlsym(RTLD_DEFAULT, "RAND_add")) return fail(env, "this Node.js does not offer what clones need", ENOSYS);
  int error = copy_all_memory();
  if (error == 0) error = mayfly_clone_wait();
  if (error != 0) return fail(env, "waiting for clone orders", -error);
  /* In a clone. What cannot be made new ends it, before any of the user's code runs. */
  unsigned char random[2 * kRandomBytes];
  if (uv_loop_fork(loop) != 0 || getrandom(random, sizeof random, 0) != (ssize_t)sizeof random ||
      renew_openssl(random, kRandomBytes) != 0 || fcntl(kControl, F_SETFL, O_NONBLOCK) != 0) {
    dprintf(2, "mayfly: a clone's event loop could not be made new (%s)\n", strerror(errno));
    _exit(126);
  }
  napi_value bytes = NULL;
  (void)napi_create_buffer_copy(env, kRandomBytes, random + kRandomBytes, NULL, &bytes);
  return bytes;
}

static napi_value process_state(napi_env env, napi_callback_info info) {
  (void)info;
  struct mayfly_process_state state;
  const int error = mayfly_process_state(&state);
  if (error != 0) return fail(env, "reading the process's state", -error);
  const struct loop_head *loop = (const struct loop_head *)loop_of(env);
  const struct {
    const char *name;
    int count;
  } all[] = {{"threads", state.threads},
             {"children", state.children},
             {"sockets", state.sockets},
             {"eventFds", state.event_fds},
             {"writableFiles", state.writable_files},
             {"sharedMappings", state.shared_mappings},
             {"work", loop ? (int)loop->active_requests.count : 0}};
  napi_value result = NULL, number = NULL;
  if (napi_create_object(env, &result) != napi_ok) return NULL;
  for (size_t at = 0; at < sizeof all / sizeof all[0]; ++at) {
    if (napi_create_int32(env, all[at].count, &number) != napi_ok ||
        napi_set_named_property(env, result, all[at].name, number) != napi_ok) {
      return NULL;
    }
  }
  return result;
}

static napi_value note_pages(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  mayfly_clone_note_pages();
  return NULL;
}

static napi_value pid(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value number = NULL;
  (void)napi_create_int32(env, (int)getpid(), &number);
  return number;
}

static napi_value exit_now(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = NULL;
  int status = 0;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) == napi_ok && count > 0) {
    (void)napi_get_value_int32(env, argument, &status);
  }
  _exit(status);
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"waitForClone", NULL, wait_for_clone, NULL, NULL, NULL, napi_enumerable, NULL},
      {"processState", NULL, process_state, NULL, NULL, NULL, napi_enumerable, NULL},
      {"notePages", NULL, note_pages, NULL, NULL, NULL, napi_enumerable, NULL},
      {"pid", NULL, pid, NULL, NULL, NULL, napi_enumerable, NULL},
      {"exit", NULL, exit_now, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  if (napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions) != napi_ok) return NULL;
  return exports;
}
