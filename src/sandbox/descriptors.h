// Which descriptors a process that was forked keeps: numbers, not owners. Threads: one.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace mayfly::sandbox {

// All above the standard streams.
void close_all_but(std::vector<int> kept);
// All that this process has open, above the standard streams; ordered.
std::vector<int> open_descriptors();
// Puts /dev/null at these numbers, whatever was there.
std::expected<void, std::string> hold(const std::vector<int>& numbers);

}  // namespace mayfly::sandbox
