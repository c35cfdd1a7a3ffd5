#include "sandbox/init_messages.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mayfly::sandbox {

std::expected<void, int> send_message(int channel, const InitMessage& message,
                                      std::span<const int> fds) {
  return send_packet(channel, {reinterpret_cast<const char*>(&message), sizeof message}, fds,
                     Wait::yes);
}

std::expected<std::pair<InitMessage, Packet>, int> receive_message(int channel) {
  InitMessage message;
  auto packet =
      receive_packet(channel, {reinterpret_cast<char*>(&message), sizeof message}, Wait::yes);
  if (!packet) return std::unexpected(packet.error());
  if (packet->size != sizeof message) return std::unexpected(EPIPE);
  return std::pair{message, std::move(*packet)};
}

[[noreturn]] void give_up(int channel, const std::string& why) {
  InitMessage message{.kind = InitKind::failed};
  std::strncpy(message.text, why.c_str(), sizeof message.text - 1);
  (void)send_message(channel, message);
  ::_exit(126);
}

}  // namespace mayfly::sandbox
