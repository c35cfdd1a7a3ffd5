// Runtimes: the language interpreters of this machine, and which one a function's runtime name
// gets.
//
// Looks at names only (/usr/bin/python3.*, /usr/local/bin, the folders of version managers), which
// takes well under a millisecond; versions that the name does not tell are asked of the program by
// a thread of its own, which only all() waits for. Threads: any, after construction.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "engine/launch/packs.h"
#include "sandbox/warden.h"

namespace mayfly::engine {

enum class Language { python, node, custom };

// V8 and libuv keep threads of their own, which no fork copies: what is forked goes without V8's.
inline constexpr const char* kNodeTemplateFlags[] = {"--single-threaded", "--v8-pool-size=0"};

struct SearchFolders {
  std::vector<std::string> binaries{"/usr/bin", "/usr/local/bin"};
  // Folders whose children are versions: 3.13.0, v20.19.1, cpython-3.12.4-linux-x86_64-gnu.
  std::vector<std::string> python_versions, node_versions;
  // Where pyenv, nvm, n, fnm, volta, asdf, mise and uv put what they install.
  static SearchFolders of_this_user();
};

struct Choice {
  Language language = Language::custom;
  RuntimeInfo runtime;               // empty interpreter for custom
  std::vector<sandbox::Bind> binds;  // for an interpreter outside /usr
  PackPointer pack;                  // where a runtime pack taught the name; then it is custom
  std::string note;                  // "asked for python3.12, running python3.11.2", else empty
};

class Runtimes {
 public:
  explicit Runtimes(SearchFolders folders = SearchFolders::of_this_user(),
                    std::vector<PackPointer> packs = {},
                    RuntimeVersions versions = RuntimeVersions::nearest);
  ~Runtimes();
  // An error is a sentence: this name is unknown, or no interpreter of that language, or of that
  // version where only that will do, is here.
  std::expected<Choice, std::string> choose(std::string_view runtime) const;
  std::vector<RuntimeInfo> all() const;
  std::vector<std::string> pack_names() const;

 private:
  struct Found {
    Language language;
    int major = 0, minor = -1;  // of the language: python 3.11, node 20
    RuntimeInfo info;
    std::string prefix;  // to bind, where outside /usr
  };
  const std::vector<PackPointer> packs_;
  const RuntimeVersions versions_;
  void find_python(const SearchFolders& folders);
  void find_node(const SearchFolders& folders);
  void ask_versions();
  std::vector<Found> copy() const;
  void wait() const;

  mutable std::mutex mutex_;
  std::vector<Found> found_;
  mutable std::thread asking_;
  mutable std::mutex joining_;
};

}  // namespace mayfly::engine
