#include "sandbox/channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace mayfly::sandbox {

std::expected<std::pair<base::UniqueFd, base::UniqueFd>, int> make_channel() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return std::unexpected(errno);
  }
  return std::pair{base::UniqueFd{ends[0]}, base::UniqueFd{ends[1]}};
}

void ask_for_sender(int socket) {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

bool refuse_descriptors(int socket) {
  constexpr int kPassRights = 83;  // SO_PASSRIGHTS; not in Debian 12's headers
  const int off = 0;
  return ::setsockopt(socket, SOL_SOCKET, kPassRights, &off, sizeof off) == 0;
}

std::expected<void, int> send_packet(int socket, std::string_view bytes, std::span<const int> fds,
                                     Wait wait) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxPacketFds)> control{};
  if (!fds.empty()) {
    if (fds.size() > kMaxPacketFds) return std::unexpected(E2BIG);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  const int flags = MSG_NOSIGNAL | (wait == Wait::no ? MSG_DONTWAIT : 0);
  while (::sendmsg(socket, &message, flags) < 0) {
    if (errno != EINTR) return std::unexpected(errno);
  }
  return {};
}

std::expected<Packet, int> receive_packet(int socket, std::span<char> into, Wait wait) {
  iovec part{into.data(), into.size()};
  alignas(cmsghdr)
      std::array<char, CMSG_SPACE(sizeof(int) * kMaxPacketFds) + CMSG_SPACE(sizeof(ucred))>
          control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const int flags = MSG_CMSG_CLOEXEC | (wait == Wait::no ? MSG_DONTWAIT : 0);
  ssize_t got = 0;
  while ((got = ::recvmsg(socket, &message, flags)) < 0) {
    if (errno == ECONNRESET) break;  // the other side closed with packets of ours unread
    if (errno != EINTR) return std::unexpected(errno);
  }
  Packet packet;
  packet.size = got < 0 ? 0 : static_cast<std::size_t>(got);
  if (got < 0) return packet;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    const std::size_t length = header->cmsg_len - CMSG_LEN(0);
    if (header->cmsg_type == SCM_RIGHTS) {
      for (std::size_t at = 0; at + sizeof(int) <= length; at += sizeof(int)) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
        packet.fds.emplace_back(fd);
      }
    } else if (header->cmsg_type == SCM_CREDENTIALS && length >= sizeof(ucred)) {
      ucred sender{};
      std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
      packet.sender = sender.pid;
    }
  }
  // A packet with part of its bytes cut off is not the packet that was sent.
  if ((message.msg_flags & MSG_TRUNC) != 0) return std::unexpected(EMSGSIZE);
  packet.cut = (message.msg_flags & MSG_CTRUNC) != 0;
  if (packet.cut) packet.fds.clear();
  return packet;
}

}  // namespace mayfly::sandbox
