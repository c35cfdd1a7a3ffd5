// What the warden and a zygote say to each other on the zygote's descriptor 3: one packet each.
//
//   warden --ZygoteHello, filters--> zygote    once: what all sandboxes have in common
//   zygote --ZygoteReply number 0--> warden        it waits for orders
//   warden --BlankOrder--> zygote              make a blank sandbox; attached: its init's channel,
//                                              on which the function's order follows (blank.h)
//   zygote --ZygoteReply--> warden             the sandbox's init: its pid; attached: its pidfd; or
//                                              errno
#pragma once

#include <cstdint>

namespace mayfly::sandbox {

inline constexpr int kZygoteChannel = 3;
// Reserved in the zygote, so that no library holds what is the clone channel in its forks.
inline constexpr int kZygoteReserved = 4;

struct ZygoteHello {
  std::uint32_t power = 0;  // Power
  std::uint32_t uid = 0, gid = 0;
  std::uint32_t allowed = 0, denied = 0;  // instructions of the filters, which follow
  char mount_point[1024] = {};
  char etc_folder[1024] = {};
};

struct BlankOrder {
  std::uint64_t number = 0;  // not 0
  std::uint64_t isolated_network = 0;
};

struct ZygoteReply {
  std::uint64_t number = 0;
  std::int32_t pid = 0;
  std::int32_t error = 0;
};

}  // namespace mayfly::sandbox
