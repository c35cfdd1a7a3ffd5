#include "engine/guest/frames.h"

#include <fmt/format.h>

#include <cstdint>

namespace mayfly::engine {
namespace {

constexpr std::size_t kHeader = 5;

std::size_t read_u32(const char* at) {
  std::size_t value = 0;
  for (int i = 3; i >= 0; --i) value = (value << 8) | static_cast<std::uint8_t>(at[i]);
  return value;
}

bool known(char type) {
  switch (static_cast<FrameType>(type)) {
    case FrameType::environment:
    case FrameType::invoke:
    case FrameType::ready:
    case FrameType::init_error:
    case FrameType::result:
    case FrameType::error:
    case FrameType::stream_begin:
    case FrameType::stream_chunk:
    case FrameType::stream_end:
    case FrameType::stream_error:
      return true;
  }
  return false;
}

}  // namespace

std::expected<std::optional<Frame>, std::string> FrameReader::next() {
  const std::size_t available = buffer_.size() - start_;
  if (available < 4) return std::nullopt;
  // The length counts the type byte and the payload.
  const std::size_t length = read_u32(buffer_.data() + start_);
  if (length == 0 || length > kMaxFrame) {
    return std::unexpected(fmt::format("a frame of {} bytes", length));
  }
  if (available < kHeader) return std::nullopt;
  const char type = buffer_[start_ + 4];
  if (!known(type)) {
    return std::unexpected(fmt::format("a frame of unknown type {}", static_cast<int>(type)));
  }
  if (available < 4 + length) {
    if (buffer_.capacity() < start_ + 4 + length) buffer_.reserve(start_ + 4 + length);
    return std::nullopt;
  }
  Frame frame{static_cast<FrameType>(type), {}};
  const std::size_t end = start_ + 4 + length;
  if (end == buffer_.size()) {
    // The usual case, one answer: the payload keeps the buffer's memory when it is large.
    if (length > 4096) {
      buffer_.erase(0, start_ + kHeader);
      frame.payload = std::move(buffer_);
    } else {
      frame.payload.assign(buffer_, start_ + kHeader, length - 1);
    }
    buffer_.clear();
    start_ = 0;
  } else {
    frame.payload.assign(buffer_, start_ + kHeader, length - 1);
    start_ = end;
    if (start_ > 64 * 1024) {
      buffer_.erase(0, start_);
      start_ = 0;
    }
  }
  return frame;
}

std::size_t FrameReader::missing() const {
  const std::size_t available = buffer_.size() - start_;
  if (available < 4) return kHeader - available;
  const std::size_t length = read_u32(buffer_.data() + start_);
  if (length == 0 || length > kMaxFrame) return 0;
  return 4 + length > available ? 4 + length - available : 0;
}

void append_u32(std::string& out, std::size_t value) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}

std::string frame_header(FrameType type, std::size_t payload_length) {
  std::string header;
  append_u32(header, payload_length + 1);
  header.push_back(static_cast<char>(type));
  return header;
}

}  // namespace mayfly::engine
