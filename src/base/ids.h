// Ids: the only source of identifiers and of randomness that users can see, so tests can fix both.
//
// Threads: any. RandomIds draws from the kernel's generator in blocks; ids are unguessable.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace mayfly::base {

class Ids {
 public:
  virtual ~Ids() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  std::string uuid();                   // version 4, lower case, with dashes
  std::string hex(std::size_t digits);  // lower case
  std::string text(std::size_t length, std::string_view alphabet);  // unbiased
};

class RandomIds final : public Ids {
 public:
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::mutex mutex_;
  std::array<std::uint8_t, 4096> block_{};
  std::size_t used_ = sizeof(block_);
};

// The same ids in the same order, from a seed. For tests.
class SequentialIds final : public Ids {
 public:
  explicit SequentialIds(std::uint64_t seed = 1) : state_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::mutex mutex_;
  std::uint64_t state_;
};

inline constexpr std::string_view kLowerAlphanumeric = "abcdefghijklmnopqrstuvwxyz0123456789";
inline constexpr std::string_view kUpperAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

}  // namespace mayfly::base
