// FrameReader on bytes of a hostile guest, in pieces of every size: it never reads out of range,
// never yields more than it was given, and yields the same frames however the bytes are cut.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/guest/frames.h"

namespace {

std::vector<std::string> frames_of(std::string_view bytes, std::size_t step) {
  mayfly::engine::FrameReader reader;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.append(bytes.substr(at, step));
    while (true) {
      auto frame = reader.next();
      if (!frame) {
        out.push_back("error");
        return out;
      }
      if (!*frame) break;
      out.push_back(std::string(1, static_cast<char>((*frame)->type)) + (*frame)->payload);
    }
    (void)reader.missing();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = frames_of(bytes, size == 0 ? 1 : size);
  std::size_t total = 0;
  for (const std::string& frame : whole) total += frame.size();
  if (total > size + 5) std::abort();
  for (std::size_t step : {1U, 3U, 7U}) {
    if (frames_of(bytes, step) != whole) std::abort();
  }
  return 0;
}
