#include "engine/launch/packs.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/log.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxManifest = 64 * 1024;

using Strings = std::expected<std::vector<std::string>, std::string>;

Strings strings(const wire::Document& manifest, std::string_view name) {
  std::vector<std::string> out;
  const wire::Document* list = manifest.find(name);
  if (list == nullptr) return out;
  if (list->as_list() == nullptr)
    return std::unexpected(fmt::format("\"{}\" is not a list of texts", name));
  for (const wire::Document& each : *list->as_list()) {
    const std::string* text = each.as_string();
    if (text == nullptr || text->find('\0') != std::string::npos)
      return std::unexpected(fmt::format("\"{}\" is not a list of texts", name));
    out.push_back(*text);
  }
  return out;
}

bool is_variable(std::string_view name) {
  return !name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string_view::npos;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxManifest + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return text;
}

}  // namespace

std::string RuntimePack::missing() const {
  std::error_code error;
  for (const std::string& file : needs) {
    const fs::path path = file.starts_with('/') ? fs::path(file) : fs::path(folder) / file;
    if (!fs::exists(path, error)) return path.string();
  }
  return {};
}

std::expected<RuntimePack, std::string> parse_manifest(std::string_view json, std::string folder) {
  if (json.size() > kMaxManifest) return std::unexpected("it is larger than 64 KiB");
  auto manifest = wire::parse_json(json);
  if (!manifest || manifest->as_map() == nullptr) return std::unexpected("it is not a JSON object");
  constexpr std::string_view kKnown[] = {"runtimes", "command", "variables", "binds", "needs"};
  for (const auto& [name, value] : *manifest->as_map()) {
    if (std::ranges::find(kKnown, name) == std::end(kKnown))
      return std::unexpected(fmt::format("\"{}\" is not part of a manifest", name));
  }
  RuntimePack pack;
  pack.folder = std::move(folder);
  auto runtimes = strings(*manifest, "runtimes");
  auto command = strings(*manifest, "command");
  auto needs = strings(*manifest, "needs");
  for (const Strings* each : {&runtimes, &command, &needs}) {
    if (!*each) return std::unexpected(each->error());
  }
  if (runtimes->empty()) return std::unexpected("it names no runtimes");
  if (command->empty() || !command->front().starts_with('/'))
    return std::unexpected("\"command\" does not begin with an absolute path");
  pack.runtimes = std::move(*runtimes);
  pack.command = std::move(*command);
  pack.needs = std::move(*needs);
  if (const wire::Document* variables = manifest->find("variables")) {
    if (variables->as_map() == nullptr) return std::unexpected("\"variables\" is not an object");
    for (const auto& [name, value] : *variables->as_map()) {
      if (!is_variable(name) || value.as_string() == nullptr)
        return std::unexpected("\"variables\" is not an object of texts");
      pack.variables.emplace(name, *value.as_string());
    }
  }
  if (const wire::Document* binds = manifest->find("binds")) {
    if (binds->as_map() == nullptr) return std::unexpected("\"binds\" is not an object");
    for (const auto& [inside, host] : *binds->as_map()) {
      if (!inside.starts_with('/') || host.as_string() == nullptr ||
          !host.as_string()->starts_with('/')) {
        return std::unexpected("\"binds\" is not an object of absolute paths");
      }
      pack.binds.push_back({*host.as_string(), std::string(inside)});
    }
  }
  return pack;
}

std::vector<PackPointer> find_packs(const std::vector<std::string>& folders) {
  std::vector<PackPointer> out;
  for (const std::string& folder : folders) {
    std::vector<fs::path> children;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (fs::exists(it->path() / "manifest.json", error)) children.push_back(it->path());
    }
    std::ranges::sort(children);
    for (const fs::path& child : children) {
      auto pack = parse_manifest(read_file(child / "manifest.json"), fs::absolute(child).string());
      if (pack) {
        out.push_back(std::make_shared<const RuntimePack>(std::move(*pack)));
      } else {
        base::log_warn("the runtime pack {} cannot be used: {}", child.string(), pack.error());
      }
    }
  }
  // Not std::stable_partition: its buffer is deprecated.
  std::vector<PackPointer> sorted;
  std::ranges::copy_if(out, std::back_inserter(sorted),
                       [](const PackPointer& pack) { return pack->missing().empty(); });
  std::ranges::copy_if(out, std::back_inserter(sorted),
                       [](const PackPointer& pack) { return !pack->missing().empty(); });
  return sorted;
}

std::string expand(std::string_view text, const std::vector<std::string>& variables) {
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = text.find("${");
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) return out += text;
    out += text.substr(0, begin);
    const std::string prefix = std::string(text.substr(begin + 2, end - begin - 2)) + "=";
    for (const std::string& each : variables) {
      if (each.starts_with(prefix)) out += each.substr(prefix.size());
    }
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace mayfly::engine
