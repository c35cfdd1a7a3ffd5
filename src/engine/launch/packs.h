// Runtime packs: folders that teach Mayfly managed runtime names (java21, ruby3.4) without a line
// of C++. A pack is a folder with a manifest.json (docs/runtime-packs.md); inside the sandbox it is
// /var/runtime, and its command speaks the HTTP Runtime API as a custom runtime's bootstrap does.
//
// Read once at the start. A manifest that cannot be used is told in the log and left out; what a
// pack still lacks is told to whoever wants to use it. Threads: none; values.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/warden.h"

namespace mayfly::engine {

struct RuntimePack {
  std::string folder;  // on the host
  std::vector<std::string> runtimes;
  std::vector<std::string> command;  // as seen inside; ${NAME} stands for a variable's value
  std::map<std::string, std::string> variables;
  std::vector<sandbox::Bind> binds;
  std::vector<std::string> needs;  // files: absolute ones of the host, others of the pack

  // The first file that it needs and that is not there, or empty.
  std::string missing() const;
};
using PackPointer = std::shared_ptr<const RuntimePack>;

// An error is a sentence without the file's name.
std::expected<RuntimePack, std::string> parse_manifest(std::string_view json, std::string folder);

// The packs below these folders, in their order. Where two teach one name, a complete one comes
// before one that lacks something.
std::vector<PackPointer> find_packs(const std::vector<std::string>& folders);

// "${_HANDLER}" and the like, out of "NAME=value" pairs; an unknown name stands for nothing.
std::string expand(std::string_view text, const std::vector<std::string>& variables);

}  // namespace mayfly::engine
