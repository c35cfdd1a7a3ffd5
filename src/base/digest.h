// SHA-256 of what does not fit into memory, or is not worth to.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::base {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  std::string hex();  // once, after the last update

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Lower-case hex; nullopt where the file cannot be read to its end. Blocks; constant memory.
std::optional<std::string> file_sha256(const std::filesystem::path& path);

}  // namespace mayfly::base
