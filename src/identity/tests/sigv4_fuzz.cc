// The first line is the target, the second the Authorization header, the third X-Amz-Date, the rest
// the body.
#include <cstdint>
#include <string>

#include "base/strings.h"
#include "identity/sigv4.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto line = [&] {
    const std::size_t end = text.find('\n');
    std::string out(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return out;
  };
  http::Request request;
  request.method = "POST";
  request.target = line();
  request.headers.add("Authorization", line());
  request.headers.add("X-Amz-Date", line());
  request.headers.add("Host", "h");
  request.body = std::string(text);
  auto signature = identity::parse_signature(request);
  if (signature && *signature) {
    identity::SigningKeys keys;
    const base::WallTime now{std::chrono::seconds{1'440'938'160}};
    if (identity::verify(**signature, request, "secret", now, keys))
      __builtin_trap();  // nobody guesses one
  }
  return 0;
}
