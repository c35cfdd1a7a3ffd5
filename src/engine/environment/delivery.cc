#include "engine/environment/delivery.h"

#include <utility>

namespace mayfly::engine {

void Delivery::begin(ResponseStream::Start start, std::function<void()> drained) {
  began_ = true;
  first_byte_ = clock_.monotonic();
  if (sink_ != nullptr) sink_->begin(std::move(start), std::move(drained));
}

std::size_t Delivery::limit() const {
  return sink_ != nullptr ? options_.stream_limit : options_.response_limit;
}

Delivery::Added Delivery::add(std::string bytes) {
  Added added;
  total_ += bytes.size();
  if (total_ > limit()) {
    added.too_large = true;
  } else if (sink_ == nullptr) {
    collected_ += bytes;
  } else {
    added.full = sink_->push(std::move(bytes)) == ResponseStream::Push::full;
    added.wait = pace();
  }
  return added;
}

// How long what was sent so far is ahead of the pace that follows the burst.
std::chrono::microseconds Delivery::pace() {
  const StreamPace& pace = options_.stream_pace;
  if (pace.bytes_per_second == 0 || total_ <= pace.burst_bytes) return {};
  const base::MonotonicTime now = clock_.monotonic();
  if (!burst_over_) burst_over_ = now;
  const double seconds =
      static_cast<double>(total_ - pace.burst_bytes) / static_cast<double>(pace.bytes_per_second);
  const auto due = *burst_over_ + std::chrono::duration_cast<base::MonotonicTime::duration>(
                                      std::chrono::duration<double>(seconds));
  return due > now ? std::chrono::ceil<std::chrono::microseconds>(due - now)
                   : std::chrono::microseconds{0};
}

std::string Delivery::whole(std::string payload, std::string content_type) {
  if (sink_ == nullptr) return payload;
  sink_->begin({ResponseStream::Mode::buffered, std::move(content_type)}, nullptr);
  sink_->push(std::move(payload));
  return {};
}

}  // namespace mayfly::engine
