// ExtensionEnds: how external extensions have ended, as lines that their starter writes to a pipe:
// the status as a shell has it, and the name ("137 datadog-agent").
//
// Owns the pipe's reading end. Processes of the sandbox may write to it too: that is bounded, and
// to their own harm. Threads: the environment's loop.
#pragma once

#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "engine/runtime_api/extensions.h"
#include "http/io.h"

namespace mayfly::engine {

class ExtensionEnds {
 public:
  // Tells `extensions`, which outlives it.
  ExtensionEnds(http::Loop& loop, base::UniqueFd pipe, Extensions& extensions);

  // Tells now what is there, without waiting for the loop.
  void read();

 private:
  void tell(const std::string& line);

  base::UniqueFd pipe_;
  Extensions& extensions_;
  std::string partial_;  // the line that is still open
  std::unique_ptr<http::Loop::Token> watch_;
};

}  // namespace mayfly::engine
