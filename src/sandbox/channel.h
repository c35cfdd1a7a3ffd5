// Packets over SOCK_SEQPACKET Unix sockets, with file descriptors and the sender's pid: what the
// daemon, the warden, the init of each sandbox and the guests say to each other.
//
// A packet arrives whole or not at all. Descriptors travel with it, close-on-exec. The sender's pid
// is filled in by the kernel (in the receiver's pid namespace) where the receiver asked for it; it
// is never what the sender claims. Failure: errno values. Threads: a socket may be sent on by
// several threads; it is received on by one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.h"

namespace mayfly::sandbox {

struct Packet {
  std::size_t size = 0;  // 0: the other side has closed
  std::vector<base::UniqueFd> fds;
  bool cut =
      false;  // its descriptors did not fit: this process may have no more of them. fds is empty
  pid_t sender = 0;
};

enum class Wait { yes, no };

inline constexpr std::size_t kMaxPacketFds = 32;

// A connected pair, both ends close-on-exec.
std::expected<std::pair<base::UniqueFd, base::UniqueFd>, int> make_channel();
// The kernel tells each sender's pid from now on.
void ask_for_sender(int socket);

// A guest cannot attach descriptors to what it sends here any more: whoever receives a descriptor
// also closes it, which may take long. False before Linux 6.16; there, what guests can have in
// flight is bounded by their open files.
bool refuse_descriptors(int socket);

std::expected<void, int> send_packet(int socket, std::string_view bytes, std::span<const int> fds,
                                     Wait wait);
// EAGAIN where nothing is there and `wait` is no; EMSGSIZE where the packet did not fit `into`.
std::expected<Packet, int> receive_packet(int socket, std::span<char> into, Wait wait);

}  // namespace mayfly::sandbox
