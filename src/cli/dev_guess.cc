#include "cli/dev_guess.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/strings.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostName = 64;

bool has_text(const fs::path& file, std::string_view text) {
  std::ifstream stream(file, std::ios::binary);
  const std::string all(std::istreambuf_iterator<char>(stream), {});
  return all.contains(text);
}

// 3.11 -> 3'011, 20.x -> 20'000: to compare by.
std::int64_t version_of(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto major = base::parse_int(text.substr(0, dot)).value_or(0);
  const auto minor =
      dot == std::string_view::npos ? 0 : base::parse_int(text.substr(dot + 1)).value_or(0);
  return major * 1000 + minor;
}

}  // namespace

std::optional<DevGuess> guess_handler(const fs::path& folder) {
  std::error_code error;
  for (const char* stem : {"app", "lambda_function", "main", "handler", "index"}) {
    const fs::path file = folder / (std::string(stem) + ".py");
    if (!fs::is_regular_file(file, error)) continue;
    const bool plain = !has_text(file, "lambda_handler") && has_text(file, "def handler");
    return DevGuess{std::string(stem) + (plain ? ".handler" : ".lambda_handler"), "python"};
  }
  for (const char* stem : {"index", "app", "handler", "main"}) {
    for (const char* suffix : {".mjs", ".js", ".cjs"}) {
      if (fs::is_regular_file(folder / (std::string(stem) + suffix), error))
        return DevGuess{std::string(stem) + ".handler", "nodejs"};
    }
  }
  return std::nullopt;
}

std::string newest_runtime(const std::vector<std::string>& runtimes, const std::string& language) {
  std::string best;
  for (const std::string& runtime : runtimes) {
    if (!runtime.starts_with(language)) continue;
    const auto version = [&](const std::string& name) {
      return version_of(std::string_view(name).substr(language.size()));
    };
    if (best.empty() || version(runtime) > version(best)) best = runtime;
  }
  return best;
}

std::string function_name(const std::string& folder_name) {
  std::string out;
  for (const char c : folder_name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
    out += good ? c : '-';
  }
  out.resize(std::min(out.size(), kMostName));
  return out.empty() ? "function" : out;
}

}  // namespace mayfly::cli
