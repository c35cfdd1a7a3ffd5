// What functions answer: bytes from user code.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/reply.h"

using namespace mayfly::gateway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const PayloadFormat format : {PayloadFormat::v1, PayloadFormat::v2}) {
    const auto response = read_reply(text, format);
    if (!response) continue;
    if (response->status < 200 || response->status > 599) std::abort();
    for (const auto& [name, value] : response->headers) {
      if ((name + value).find_first_of("\r\n") != std::string::npos) std::abort();
    }
  }
  if (const auto head = read_prelude(text)) {
    if (head->status < 200 || head->status > 599) std::abort();
  }
  return 0;
}
