#include "engine/environment/output.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace mayfly::engine {

void Output::close() {
  for (Pipe& each : pipes_) each.reading.reset();
}

Output::State Output::read(From from, std::size_t budget) {
  const base::UniqueFd& pipe = pipe_of(from).reading;
  if (!pipe) return State::closed;
  thread_local std::array<char, 64 * 1024> step;
  std::size_t total = 0;
  while (total < budget) {
    const ssize_t got = ::read(pipe.get(), step.data(), step.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return State::open;  // EAGAIN
    if (got == 0) return State::closed;
    feed(from, {step.data(), static_cast<std::size_t>(got)}, clock_.now());
    total += static_cast<std::size_t>(got);
    if (static_cast<std::size_t>(got) < step.size()) return State::open;
  }
  return State::open;
}

void Output::feed(From from, std::string_view bytes, base::WallTime now) {
  std::string& partial = pipe_of(from).partial;
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, newline);
    const std::size_t room = kMaxLine - partial.size();
    if (piece.size() > room) {
      partial += piece.substr(0, room);
      bytes.remove_prefix(room);
      push_written(from, std::exchange(partial, {}), now);
      continue;
    }
    partial += piece;
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    push_written(from, std::exchange(partial, {}), now);
  }
}

void Output::add(std::string line) {
  end_lines();
  if (!line.empty()) push(std::move(line), clock_.now());
}

void Output::end_lines() {
  for (const From from : {From::function, From::extensions}) {
    std::string& partial = pipe_of(from).partial;
    if (!partial.empty()) push_written(from, std::exchange(partial, {}), clock_.now());
  }
}

void Output::push_written(From from, std::string line, base::WallTime now) {
  if (listener_) listener_(from, now, line);
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
