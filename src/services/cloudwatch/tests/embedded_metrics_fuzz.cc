// The input is a line of a log. What is found in it are metrics that can be stored.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/cloudwatch/model/embedded_metrics.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  for (const auto& addition : mayfly::cloudwatch::embedded_metrics(line)) {
    const auto& values = addition.values.begin()->second;
    const bool good = !addition.metric.space.empty() && !addition.metric.name.empty() &&
                      values.count > 0 && values.minimum <= values.maximum;
    if (!good) std::abort();
    if (!mayfly::cloudwatch::Statistics::decode(values.encode())) std::abort();
  }
  return 0;
}
