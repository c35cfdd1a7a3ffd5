#include "engine/environment/output.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace mayfly::engine {

Output::State Output::read(std::size_t budget) {
  if (!pipe_) return State::closed;
  thread_local std::array<char, 64 * 1024> step;
  std::size_t total = 0;
  while (total < budget) {
    const ssize_t got = ::read(pipe_.get(), step.data(), step.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return State::open;  // EAGAIN
    if (got == 0) return State::closed;
    feed({step.data(), static_cast<std::size_t>(got)}, clock_.now());
    total += static_cast<std::size_t>(got);
    if (static_cast<std::size_t>(got) < step.size()) return State::open;
  }
  return State::open;
}

void Output::feed(std::string_view bytes, base::WallTime now) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, newline);
    const std::size_t room = kMaxLine - partial_.size();
    if (piece.size() > room) {
      partial_ += piece.substr(0, room);
      bytes.remove_prefix(room);
      push_own(std::exchange(partial_, {}), now);
      continue;
    }
    partial_ += piece;
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    push_own(std::exchange(partial_, {}), now);
  }
}

void Output::add(std::string line) {
  end_line();
  if (!line.empty()) push(std::move(line), clock_.now());
}

void Output::end_line() {
  if (!partial_.empty()) push_own(std::exchange(partial_, {}), clock_.now());
}

void Output::push_own(std::string line, base::WallTime now) {
  if (listener_) listener_(now, line);
  push(std::move(line), now);
}

void Output::push(std::string line, base::WallTime now) {
  tail_ += line;
  tail_ += '\n';
  if (tail_.size() > 4 * kTail) tail_.erase(0, tail_.size() - kTail);
  pending_bytes_ += line.size() + 1;
  lines_.push_back({now, std::move(line)});
}

std::vector<ports::LogLine> Output::take() {
  pending_bytes_ = 0;
  return std::exchange(lines_, {});
}

std::string Output::tail() const {
  return tail_.size() <= kTail ? tail_ : tail_.substr(tail_.size() - kTail);
}

}  // namespace mayfly::engine
