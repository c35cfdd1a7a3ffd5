// Frames of the guest protocol (docs/formats/guest-protocol.md): u32 length, u8 type, payload.
//
// A guest is untrusted: FrameReader bounds what it buffers and refuses unknown lengths, never
// reading out of range. Threads: none of its own; one reader belongs to one environment's loop.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::engine {

inline constexpr std::size_t kMaxFrame = 64 * 1024 * 1024;

enum class FrameType : char {
  environment = 'E',
  invoke = 'I',
  ready = 'R',
  init_error = 'F',
  result = 'r',
  error = 'e',
  stream_begin = 's',
  stream_chunk = 'c',
  stream_end = 'd',
  stream_error = 'x',
};

struct Frame {
  FrameType type;
  std::string payload;
};

class FrameReader {
 public:
  void append(std::string_view bytes) { buffer_.append(bytes); }
  // The next complete frame; nullopt: more bytes are needed; an error: this is no guest that speaks
  // the protocol.
  std::expected<std::optional<Frame>, std::string> next();
  // How many bytes the frame under way still needs (a hint for the size of the next read).
  std::size_t missing() const;

 private:
  std::string buffer_;
  std::size_t start_ = 0;  // of the first byte that was not yielded
};

// The five bytes in front of a payload of that length.
std::string frame_header(FrameType type, std::size_t payload_length);
void append_u32(std::string& out, std::size_t value);

}  // namespace mayfly::engine
