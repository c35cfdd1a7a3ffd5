#include "engine/runtime_api/extension_ends.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/strings.h"

namespace mayfly::engine {
namespace {

constexpr int kMostSteps = 16;                  // a writer that never rests is read in turns
constexpr std::size_t kMostOfLine = 16 * 1024;  // a file name is far shorter

}  // namespace

ExtensionEnds::ExtensionEnds(http::Loop& loop, base::UniqueFd pipe, Extensions& extensions)
    : pipe_(std::move(pipe)), extensions_(extensions) {
  watch_ = loop.watch_readable(pipe_.get(), [this] { read(); });
}

void ExtensionEnds::read() {
  char step[1024];
  for (int left = kMostSteps; left > 0; --left) {
    const ssize_t got = ::read(pipe_.get(), step, sizeof step);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) watch_.reset();
    if (got <= 0) return;
    for (const char c : std::string_view(step, static_cast<std::size_t>(got))) {
      if (c == '\n') {
        tell(std::exchange(partial_, {}));
      } else if (partial_.size() < kMostOfLine) {
        partial_ += c;
      }
    }
  }
}

void ExtensionEnds::tell(const std::string& line) {
  const std::size_t space = line.find(' ');
  if (space == std::string::npos) return;
  if (const auto status = base::parse_int(line.substr(0, space)))
    extensions_.ended(line.substr(space + 1), static_cast<int>(*status));
}

}  // namespace mayfly::engine
