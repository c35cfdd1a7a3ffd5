#include "base/ids.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/strings.h"

namespace mayfly::base {

std::string Ids::uuid() {
  std::array<std::uint8_t, 16> bytes{};
  fill(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string digits = to_hex(bytes);
  return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" +
         digits.substr(16, 4) + "-" + digits.substr(20);
}

std::string Ids::hex(std::size_t digits) {
  std::string bytes((digits + 1) / 2, '\0');
  fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  return to_hex(bytes).substr(0, digits);
}

std::string Ids::text(std::size_t length, std::string_view alphabet) {
  std::string out;
  out.reserve(length);
  const std::size_t limit =
      256 - 256 % alphabet.size();  // reject the tail, so that no letter is favoured
  std::array<std::uint8_t, 64> bytes{};
  while (out.size() < length) {
    fill(bytes);
    for (std::uint8_t byte : bytes) {
      if (byte < limit && out.size() < length) out.push_back(alphabet[byte % alphabet.size()]);
    }
  }
  return out;
}

void RandomIds::fill(std::span<std::uint8_t> bytes) {
  std::lock_guard lock(mutex_);
  std::size_t done = 0;
  while (done < bytes.size()) {
    if (used_ == block_.size()) {
      std::size_t got = 0;
      while (got < block_.size()) {
        ssize_t n = getrandom(block_.data() + got, block_.size() - got, 0);
        if (n < 0 && errno != EINTR)
          throw std::system_error(errno, std::generic_category(), "getrandom");
        if (n > 0) got += static_cast<std::size_t>(n);
      }
      used_ = 0;
    }
    std::size_t n = std::min(bytes.size() - done, block_.size() - used_);
    std::memcpy(bytes.data() + done, block_.data() + used_, n);
    std::memset(block_.data() + used_, 0, n);  // an id that was handed out is not kept
    used_ += n;
    done += n;
  }
}

void SequentialIds::fill(std::span<std::uint8_t> bytes) {
  std::lock_guard lock(mutex_);
  for (std::uint8_t& byte : bytes) {  // splitmix64
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    byte = static_cast<std::uint8_t>(z ^ (z >> 31));
  }
}

}  // namespace mayfly::base
