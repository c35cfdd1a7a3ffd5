#define _GNU_SOURCE
#include "mayfly_clone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clone_protocol.h"
#include "warm_pages.h"

/* Stand-bys share the template's memory, thread pointer and errno. That is safe because of two rules. The warden has
 * at most one of {template making a stand-by, stand-by forking} happen at a time; while a stand-by waits it touches
 * only its own stack. And the template is in one system call, recvmsg, whenever a stand-by runs library code. */

enum { kStackBytes = 128 << 10, kMaxStandBys = 32 };

struct stand_by {
  void *stack;
  /* Set by clone, zeroed by the kernel when the stand-by has ended: its stack can be used again. */
  volatile pid_t running;
  int descriptors[MAYFLY_CLONE_FD_COUNT];
  int control, output;
  struct mayfly_clone_message go;
};

/* One template a process, by nature: so one state. */
static struct {
  sigjmp_buf resume; /* the template's stack, inside mayfly_clone_wait */
  struct stand_by stand_bys[kMaxStandBys];
  struct stand_by *forking; /* in a clone: the one that it was forked from */
  struct sigaction child_action;
  stack_t signal_stack;
  char folder[4096];
} state;

static int receive(int channel, struct mayfly_clone_message *message, int *descriptors, int most) {
  char control[CMSG_SPACE(sizeof(int) * MAYFLY_CLONE_FD_COUNT)] __attribute__((aligned(8)));
  struct iovec part = {message, sizeof *message};
  struct msghdr header = {0};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got;
  do {
    got = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return -errno;
  if (got != sizeof *message) return -EPIPE;
  int count = 0;
  for (struct cmsghdr *each = CMSG_FIRSTHDR(&header); each; each = CMSG_NXTHDR(&header, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    int there = (int)((each->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int at = 0; at < there; ++at) {
      int fd;
      memcpy(&fd, CMSG_DATA(each) + sizeof(int) * (size_t)at, sizeof fd);
      if (count < most) {
        descriptors[count++] = fd;
      } else {
        close(fd);
      }
    }
  }
  return count;
}

static void tell(int channel, uint32_t kind, int32_t value, const char *step) {
  struct mayfly_clone_message message = {0};
  message.kind = kind;
  message.value = value;
  if (step) strncpy(message.step, step, sizeof message.step - 1);
  (void)send(channel, &message, sizeof message, MSG_NOSIGNAL);
}

/* Children forked by a process that shares memory start without restartable sequences; the C library believes that
 * they are registered. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

static void register_restartable_sequences(void) {
#if defined(SYS_rseq) && (defined(__x86_64__) || defined(__aarch64__))
  if (!&__rseq_offset || !&__rseq_size || __rseq_size == 0) return;
#if defined(__x86_64__)
  enum { kSignature = 0x53053053 };
  char *thread;
  __asm__("mov %%fs:0, %0" : "=r"(thread));
#else
  enum { kSignature = (int)0xd428bc00 };
  char *thread;
  __asm__("mrs %0, tpidr_el0" : "=r"(thread));
#endif
  char *area = thread + __rseq_offset;
  unsigned size = __rseq_size < 32 ? 32 : __rseq_size;
  /* cpu_id_start, cpu_id: "not registered", so that nothing trusts the values of the template. */
  const uint32_t none[2] = {0, (uint32_t)-1};
  memcpy(area, none, sizeof none);
  (void)syscall(SYS_rseq, area, size, 0, kSignature);
#endif
}

/* Everything the stand-by could do that a function may not. Each step is checked: a clone that cannot be confined ends.
 */
static const char *give_up_power(void) {
  for (int capability = 0; capability < 64; ++capability) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;
    return "bounding set";
  }
  const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                             SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                             SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0) return "securebits";
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0) return "capabilities";
  /* Entering namespaces is over for good, without asking the warden: an error beats the template's notification. */
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog filter = {sizeof program / sizeof program[0], program};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) return "seccomp";
  return NULL;
}

static void lower_limit(int resource, uint32_t most) {
  struct rlimit now;
  if (most == 0 || getrlimit((__rlimit_resource_t)resource, &now) != 0 || now.rlim_max <= most) return;
  now.rlim_cur = now.rlim_max = most;
  (void)setrlimit((__rlimit_resource_t)resource, &now);
}

/* In the clone, first thing. */
static void become_clone(struct stand_by *from) {
  const char *failed = give_up_power();
  if (!failed && dup2(from->control, 3) != 3) failed = "control";
  if (!failed && (dup2(from->output, 1) != 1 || dup2(from->output, 2) != 2)) failed = "output";
  if (failed) {
    dprintf(from->output, "mayfly: a clone could not be confined (%s: %s)\n", failed, strerror(errno));
    _exit(126);
  }
  close(from->control);
  close(from->output);
  close(from->descriptors[MAYFLY_CLONE_FD_CHANNEL]);
  close(MAYFLY_CLONE_CHANNEL_FD);
  lower_limit(RLIMIT_NOFILE, from->go.open_files);
  lower_limit(RLIMIT_NPROC, from->go.processes);
  sigaction(SIGCHLD, &state.child_action, NULL);
  sigaltstack(&state.signal_stack, NULL); /* a process that shares memory starts without one */
  register_restartable_sequences();
  setsid();
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  /* Entering the mount namespace led to its root. */
  if (chdir(state.folder) != 0 && chdir("/") != 0) _exit(126);
  mayfly_warm_pages_copy();
}

static const struct {
  int descriptor, kind;
  const char *name;
} kJoins[] = {
    /* The user namespace first: it gives the power over the others. The pid namespace is for children only. */
    {MAYFLY_CLONE_FD_USER, CLONE_NEWUSER, "user namespace"},
    {MAYFLY_CLONE_FD_MOUNT, CLONE_NEWNS, "mount namespace"},
    {MAYFLY_CLONE_FD_PID, CLONE_NEWPID, "pid namespace"},
    {MAYFLY_CLONE_FD_IPC, CLONE_NEWIPC, "ipc namespace"},
    {MAYFLY_CLONE_FD_UTS, CLONE_NEWUTS, "uts namespace"},
    {MAYFLY_CLONE_FD_NETWORK, CLONE_NEWNET, "network namespace"},
};

static int run_stand_by(void *argument) {
  struct stand_by *self = argument;
  const int channel = self->descriptors[MAYFLY_CLONE_FD_CHANNEL];
  for (size_t at = 0; at < sizeof kJoins / sizeof kJoins[0]; ++at) {
    const int fd = self->descriptors[kJoins[at].descriptor];
    if (fd < 0) continue;
    if (syscall(SYS_setns, fd, kJoins[at].kind) != 0) {
      tell(channel, MAYFLY_CLONE_FAILED, errno, kJoins[at].name);
      syscall(SYS_exit_group, 1);
    }
    close(fd);
  }
  tell(channel, MAYFLY_CLONE_READY, 0, NULL);

  int given[2] = {-1, -1};
  const int count = receive(channel, &self->go, given, 2);
  if (count != 2 || self->go.kind != MAYFLY_CLONE_GO) syscall(SYS_exit_group, 1);
  self->control = given[0];
  self->output = given[1];
  const pid_t clone = fork();
  if (clone == 0) {
    state.forking = self;
    siglongjmp(state.resume, 1);
  }
  if (clone < 0) {
    tell(channel, MAYFLY_CLONE_FAILED, errno, "fork");
  } else {
    tell(channel, MAYFLY_CLONE_FORKED, clone, NULL);
  }
  syscall(SYS_exit_group, 0);
  return 0;
}

static struct stand_by *free_stand_by(void) {
  for (int at = 0; at < kMaxStandBys; ++at) {
    struct stand_by *each = &state.stand_bys[at];
    if (each->running != 0) continue;
    if (!each->stack) {
      void *stack = mmap(NULL, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
      if (stack == MAP_FAILED) return NULL;
      each->stack = stack;
    }
    return each;
  }
  errno = EAGAIN;
  return NULL;
}

static void make_stand_by(const int *descriptors, int count) {
  struct stand_by *made = free_stand_by();
  pid_t pid = -1;
  if (made) {
    for (int at = 0; at < MAYFLY_CLONE_FD_COUNT; ++at) {
      made->descriptors[at] = at < count ? descriptors[at] : -1;
    }
    /* Not CLONE_FILES: its descriptors become the clone's. */
    pid = clone(run_stand_by, (char *)made->stack + kStackBytes,
                CLONE_VM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, made, &made->running, NULL,
                &made->running);
  }
  if (pid < 0) tell(MAYFLY_CLONE_CHANNEL_FD, MAYFLY_CLONE_FAILED, errno, "making a stand-by");
  for (int at = 0; at < count; ++at) close(descriptors[at]);
}

static int serve_orders(void) {
  tell(MAYFLY_CLONE_CHANNEL_FD, MAYFLY_CLONE_WAITING, 0, NULL);
  for (;;) {
    struct mayfly_clone_message order;
    int descriptors[MAYFLY_CLONE_FD_COUNT];
    const int count = receive(MAYFLY_CLONE_CHANNEL_FD, &order, descriptors, MAYFLY_CLONE_FD_COUNT);
    if (count < 0) return count;
    if (order.kind == MAYFLY_CLONE_STAND_BY && count >= MAYFLY_CLONE_FD_NETWORK) {
      make_stand_by(descriptors, count);
    } else {
      for (int at = 0; at < count; ++at) close(descriptors[at]);
    }
  }
}

void mayfly_clone_note_pages(void) { mayfly_warm_pages_note(); }

int mayfly_clone_wait(void) {
  if (fcntl(MAYFLY_CLONE_CHANNEL_FD, F_SETFD, FD_CLOEXEC) != 0) return -errno;
  mayfly_warm_pages_begin();
  if (!getcwd(state.folder, sizeof state.folder)) strcpy(state.folder, "/");
  sigaltstack(NULL, &state.signal_stack);
  /* Stand-bys that have ended leave no zombies. Clones get the old action back. */
  struct sigaction ignore = {0};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGCHLD, &ignore, &state.child_action);
  if (sigsetjmp(state.resume, 0) != 0) {
    become_clone(state.forking);
    return 0;
  }
  const int error = serve_orders();
  sigaction(SIGCHLD, &state.child_action, NULL);
  return error;
}
