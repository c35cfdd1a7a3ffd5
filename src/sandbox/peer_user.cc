#include "sandbox/peer_user.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "base/unique_fd.h"

namespace mayfly::sandbox {
namespace {

struct Question {
  nlmsghdr header{};
  inet_diag_req_v2 request{};
};

}  // namespace

std::optional<uid_t> user_of_peer(int connected_socket) {
  sockaddr_in own{}, peer{};
  socklen_t own_size = sizeof own, peer_size = sizeof peer;
  if (::getsockname(connected_socket, reinterpret_cast<sockaddr*>(&own), &own_size) != 0 ||
      ::getpeername(connected_socket, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0 ||
      own.sin_family != AF_INET || peer.sin_family != AF_INET) {
    return std::nullopt;
  }
  base::UniqueFd kernel{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
  if (!kernel) return std::nullopt;
  // The peer's socket is the one whose own end is this one's other end.
  Question question;
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.request.sdiag_family = AF_INET;
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = ~0U;
  question.request.id.idiag_sport = peer.sin_port;
  question.request.id.idiag_dport = own.sin_port;
  question.request.id.idiag_src[0] = peer.sin_addr.s_addr;
  question.request.id.idiag_dst[0] = own.sin_addr.s_addr;
  question.request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  question.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (::send(kernel.get(), &question, sizeof question, 0) != sizeof question) return std::nullopt;
  alignas(nlmsghdr) char answer[4096];
  const ssize_t size = ::recv(kernel.get(), answer, sizeof answer, 0);
  nlmsghdr header{};
  inet_diag_msg found{};
  if (size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof found))) return std::nullopt;
  std::memcpy(&header, answer, sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  std::memcpy(&found, answer + NLMSG_HDRLEN, sizeof found);
  // A connection that its owner has closed belongs to nobody, which reads as root.
  constexpr unsigned kEstablished = 1, kCloseWait = 8, kFinWait1 = 4, kFinWait2 = 5;
  const unsigned state = found.idiag_state;
  if ((state != kEstablished && state != kCloseWait && state != kFinWait1 && state != kFinWait2) ||
      found.idiag_inode == 0) {
    return std::nullopt;
  }
  return found.idiag_uid;
}

}  // namespace mayfly::sandbox
