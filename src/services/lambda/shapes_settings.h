// Settings of functions that stand by themselves.
#pragma once

#include <string>
#include <string_view>
#include <tuple>

#include "services/lambda/shapes.h"

namespace mayfly::lambda {

inline constexpr std::string_view kUnqualifiedFunctionNamePattern =
    "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?"
    "(function:)?([a-zA-Z0-9-_]+)";
inline constexpr std::string_view kRecursiveLoopValues[] = {"Allow", "Terminate"};

struct PutFunctionRecursionConfigRequest {
  std::string function_name;
  std::string recursive_loop;
  static constexpr auto shape() {
    using Self = PutFunctionRecursionConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kUnqualifiedFunctionNamePattern),
                      wire::field("RecursiveLoop", &Self::recursive_loop)
                          .required()
                          .one_of(kRecursiveLoopValues)};
  }
};

struct GetFunctionRecursionConfigRequest {
  std::string function_name;
  static constexpr auto shape() {
    using Self = GetFunctionRecursionConfigRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kUnqualifiedFunctionNamePattern)};
  }
};

struct FunctionRecursionConfig {
  std::string recursive_loop;
  static constexpr auto shape() {
    using Self = FunctionRecursionConfig;
    return std::tuple{wire::field("RecursiveLoop", &Self::recursive_loop)};
  }
};

}  // namespace mayfly::lambda
