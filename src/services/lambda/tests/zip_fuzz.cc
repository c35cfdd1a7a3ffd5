// Whatever the bytes, nothing appears outside the folder.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/lambda/model/zip.h"
#include "services/lambda/tests/temp_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mayfly::lambda::testing::TempFolder folder;
  const std::string out = folder.path() + "/out";
  std::filesystem::create_directory(out);
  const mayfly::lambda::ZipLimits limits{.unpacked_bytes = 1'000'000, .entries = 1'000};
  const auto done = mayfly::lambda::unpack_zip(
      std::string_view(reinterpret_cast<const char*>(data), size), out, limits);
  static_cast<void>(done);
  if (std::distance(std::filesystem::directory_iterator(folder.path()), {}) != 1) std::abort();
  std::filesystem::remove_all(out);
  return 0;
}
