// Layers merged into one folder, as a function sees them at /opt.
//
// Files become hard links to the unpacked layers, so a set of layers costs folders only, and
// functions with a layer in common share its pages in memory. Threads: any; the call blocks.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace mayfly::lambda {

// Makes `target`, an empty folder, the union of `sources`. In their order: what a later one has
// under a name replaces what an earlier one has there, unless both are folders. No symbolic link is
// followed. An error is a sentence; `target` may then hold a part.
std::expected<void, std::string> merge_trees(const std::vector<std::string>& sources,
                                             const std::string& target);

}  // namespace mayfly::lambda
