// Whatever an image's layer or its descriptions are, nothing appears outside its root. The first
// byte tells what the rest is: a layer, an archive or an index.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "services/lambda/model/archive.h"
#include "services/lambda/model/image.h"
#include "services/lambda/tests/temp_folder.h"

namespace fs = std::filesystem;
using namespace mayfly::lambda;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const testing::TempFolder folder;
  if (size == 0) return 0;
  const fs::path top = folder.path(), work = top / "work";
  for (const char* name : {"root", "scratch", "images/index"}) fs::create_directories(work / name);
  const auto put = [&](const fs::path& path) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(data + 1), static_cast<std::streamsize>(size - 1));
    return path;
  };
  const ImageLimits limits{.unpacked_bytes = 1'000'000, .entries = 1'000};
  if (data[0] % 3 == 0) {
    Image image;
    image.layers.assign(2, {"", put(work / "layer")});
    static_cast<void>(unpack_image(image, work / "root", limits));
  } else if (data[0] % 3 == 1) {
    put(work / "images/archive.tar");
    static_cast<void>(
        find_image(work / "images", {"archive", "latest", ""}, "x86_64", work / "scratch", limits));
  } else {
    put(work / "images/index/index.json");
    static_cast<void>(
        find_image(work / "images", {"index", "latest", ""}, "x86_64", work / "scratch", limits));
    static_cast<void>(
        parse_image_reference(std::string_view(reinterpret_cast<const char*>(data + 1), size - 1)));
  }
  if (std::distance(fs::directory_iterator(top), {}) != 1) std::abort();
  fs::remove_all(work);
  return 0;
}
