// Whatever bytes come: no crash, and what is understood is written again as it was read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sandbox/messages.h"

using namespace mayfly::sandbox;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto request = decode_request(bytes)) {
    if (encode(*request) != bytes) std::abort();
    if (const auto* start = std::get_if<StartRequest>(&*request)) (void)fault_of(start->spec);
  }
  if (auto answer = decode_answer(bytes)) {
    if (encode(*answer) != bytes) std::abort();
  }
  return 0;
}
