// What `mayfly dev` finds out about a folder by itself.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mayfly::cli {

struct DevGuess {
  std::string handler;
  std::string language;  // "python" or "nodejs"
};
// By the files that are there: app.py, index.mjs and so on; nullopt where none is known.
std::optional<DevGuess> guess_handler(const std::filesystem::path& folder);
// The newest of a language: "python3.13" before "python3.9"; empty where there is none.
std::string newest_runtime(const std::vector<std::string>& runtimes, const std::string& language);
// A function's name from a folder's: what may not be in it is a dash.
std::string function_name(const std::string& folder_name);

}  // namespace mayfly::cli
