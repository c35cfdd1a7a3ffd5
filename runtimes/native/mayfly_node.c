/* The Node.js addon mayfly.node: the clone primitive, what a template must not hold, and what a clone needs.
 *
 * N-API, so one build serves every Node.js from 18 on. Called on the main thread only.
 *
 *   processState()   -> counts: threads, children, sockets, eventFds, writableFiles, sharedMappings, work (requests
 * that libuv has under way) waitForClone()   returns in a clone only: 32 random bytes; throws where this process cannot
 * be a template (any more). Not from within a callback of a descriptor (setImmediate is the place): it replaces the
 * loop's epoll renew()          in a process that was forked from a zygote, likewise: 32 random bytes, and the loop
 * made new onEmpty(call)    after a fork `call` is called whenever nothing is left that the event loop could wait for
 *   notePages()      after a clone's first event: which pages it took, for the clones that follow
 *   pid()            of this process, as it is now: process.pid is the template's
 *   exit(status)     without Node's own clean-up, which waits for threads that a clone does not have
 *
 * Why a fork of Node needs more than fork(): V8 keeps its heap and code out of forks (MADV_DONTFORK); libuv's epoll
 * would be shared with the template; OpenSSL notices a fork by its process number, which is the same in every sandbox.
 * And Node must not find its loop empty: it then waits for what V8 has given to other threads (each full garbage
 * collection does), and those are not there after a fork. So the loop is kept alive, and onEmpty tells in Node's place.
 */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fork_memory.h"
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
extern size_t uv_handle_size(int type);
extern int uv_idle_init(struct uv_loop_s *loop, void *idle);
extern int uv_idle_start(void *idle, void (*call)(void *));
extern int uv_idle_stop(void *idle);
extern int uv_prepare_init(struct uv_loop_s *loop, void *prepare);
extern int uv_prepare_start(void *prepare, void (*call)(void *));
extern void uv_unref(void *handle);
enum { kIdleHandle = 6, kPrepareHandle = 9 }; /* UV_IDLE, UV_PREPARE */

/* One main thread a process: so one state. */
static struct {
  napi_env env;
  napi_ref call;
  const struct loop_head *loop;
  void *prepare, *idle;
  enum { kBusy, kMaybeEmpty, kTold } seen;
} emptiness;

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

/* Node exports OpenSSL's functions, its own copy's or the distribution's. */
static int renew_openssl(const unsigned char *seed, int size) {
  void (*add)(const void *, int, double) = (void (*)(const void *, int, double))dlsym(RTLD_DEFAULT, "RAND_add");
  if (!add) return -ENOSYS;
  add(seed, size, size);
  return 0;
}

static void nothing(void *handle) { (void)handle; }

static void tell_empty(void) {
  napi_env env = emptiness.env;
  napi_handle_scope scope;
  napi_value call, global;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_reference_value(env, emptiness.call, &call) == napi_ok && napi_get_global(env, &global) == napi_ok) {
    (void)napi_make_callback(env, NULL, global, call, 0, NULL, NULL);
  }
  (void)napi_close_handle_scope(env, scope);
}

/* Before the loop waits. Seen twice, with a round between them that does not wait: closing handles and what V8 has
 * posted to this thread come in that round. */
static void before_waiting(void *handle) {
  (void)handle;
  const int empty = emptiness.loop->active_handles == 1 && emptiness.loop->active_requests.count == 0; /* 1: this one */
  if (!empty) {
    if (emptiness.seen == kMaybeEmpty) uv_idle_stop(emptiness.idle);
    emptiness.seen = kBusy;
  } else if (emptiness.seen == kBusy) {
    emptiness.seen = kMaybeEmpty;
    uv_idle_start(emptiness.idle, nothing);
  } else if (emptiness.seen == kMaybeEmpty) {
    emptiness.seen = kTold;
    uv_idle_stop(emptiness.idle);
    tell_empty();
  }
}

/* After a fork; once, for forks of forks have it already. */
static int keep_alive(struct uv_loop_s *loop) {
  if (!emptiness.call || emptiness.prepare) return 0;
  emptiness.loop = (const struct loop_head *)loop;
  emptiness.prepare = calloc(1, uv_handle_size(kPrepareHandle));
  emptiness.idle = calloc(1, uv_handle_size(kIdleHandle));
  if (!emptiness.prepare || !emptiness.idle) return -1;
  if (uv_idle_init(loop, emptiness.idle) != 0 || uv_prepare_init(loop, emptiness.prepare) != 0) return -1;
  uv_unref(emptiness.idle);
  return uv_prepare_start(emptiness.prepare, before_waiting);
}

static napi_value on_empty(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value call = NULL;
  if (emptiness.call) return NULL;
  if (napi_get_cb_info(env, info, &count, &call, NULL, NULL) != napi_ok || count != 1 ||
      napi_create_reference(env, call, 1, &emptiness.call) != napi_ok) {
    return fail(env, "watching the event loop", EINVAL);
  }
  emptiness.env = env;
  return NULL;
}

/* What this Node.js lacks for processes that go on after a fork, or NULL. */
static const char *lacking(napi_env env) {
  return loop_of(env) && dlsym(RTLD_DEFAULT, "RAND_add") ? NULL : "this Node.js does not offer what clones need";
}

/* After a fork. What cannot be made new ends the process, before any of the user's code runs. */
static napi_value renew(napi_env env, napi_callback_info info) {
  (void)info;
  struct uv_loop_s *loop = loop_of(env);
  unsigned char random[2 * kRandomBytes];
  if (!loop || uv_loop_fork(loop) != 0 || getrandom(random, sizeof random, 0) != (ssize_t)sizeof random ||
      renew_openssl(random, kRandomBytes) != 0 || keep_alive(loop) != 0 || fcntl(kControl, F_SETFL, O_NONBLOCK) != 0) {
    dprintf(2, "mayfly: the event loop of a forked process could not be made new (%s)\n", strerror(errno));
    _exit(126);
  }
  napi_value bytes = NULL;
  (void)napi_create_buffer_copy(env, kRandomBytes, random + kRandomBytes, NULL, &bytes);
  return bytes;
}

static napi_value wait_for_clone(napi_env env, napi_callback_info info) {
  const char *missing = lacking(env);
  if (missing) return fail(env, missing, ENOSYS);
  int error = mayfly_fork_all_memory();
  if (error == 0) error = mayfly_clone_wait();
  if (error != 0) return fail(env, "waiting for clone orders", -error);
  return renew(env, info);
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
      {"renew", NULL, renew, NULL, NULL, NULL, napi_enumerable, NULL},
      {"onEmpty", NULL, on_empty, NULL, NULL, NULL, napi_enumerable, NULL},
      {"processState", NULL, process_state, NULL, NULL, NULL, napi_enumerable, NULL},
      {"notePages", NULL, note_pages, NULL, NULL, NULL, napi_enumerable, NULL},
      {"pid", NULL, pid, NULL, NULL, NULL, napi_enumerable, NULL},
      {"exit", NULL, exit_now, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  if (napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions) != napi_ok) return NULL;
  return exports;
}
