/* What a template and the warden say on the clone channel (descriptor 4) and on the channel of each stand-by.
 *
 *   template --WAITING--> warden                 INIT is over, the template waits in the clone primitive
 *   template <--STAND_BY-- warden                make a stand-by; descriptors: its channel, the namespaces to enter
 *   stand-by --READY--> warden                   it is in the namespaces (on its own channel)
 *   stand-by <--GO-- warden                      fork; descriptors: the clone's control (3) and output (1, 2)
 *   stand-by --FORKED--> warden                  value: the clone's pid as the template sees it; the stand-by has ended
 *   any      --FAILED--> warden                  value: errno, step: where
 *
 * One fixed size, native byte order: both ends are on one machine. C and C++. */
#ifndef MAYFLY_CLONE_PROTOCOL_H_
#define MAYFLY_CLONE_PROTOCOL_H_

#include <stdint.h>

#define MAYFLY_CLONE_CHANNEL_FD 4

enum mayfly_clone_kind {
  MAYFLY_CLONE_WAITING = 1,
  MAYFLY_CLONE_STAND_BY = 2,
  MAYFLY_CLONE_READY = 3,
  MAYFLY_CLONE_GO = 4,
  MAYFLY_CLONE_FORKED = 5,
  MAYFLY_CLONE_FAILED = 6
};

/* Descriptors of STAND_BY, in this order. The last only where the network is isolated. */
enum mayfly_clone_descriptor {
  MAYFLY_CLONE_FD_CHANNEL = 0,
  MAYFLY_CLONE_FD_USER = 1,
  MAYFLY_CLONE_FD_MOUNT = 2,
  MAYFLY_CLONE_FD_PID = 3,
  MAYFLY_CLONE_FD_IPC = 4,
  MAYFLY_CLONE_FD_UTS = 5,
  MAYFLY_CLONE_FD_NETWORK = 6,
  MAYFLY_CLONE_FD_COUNT = 7
};

struct mayfly_clone_message {
  uint32_t kind;
  int32_t value;
  uint32_t open_files; /* GO: the clone's limits; 0: as the template's */
  uint32_t processes;
  char step[32];
};

#endif
