// Tags.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/lambda/shapes.h"

namespace mayfly::lambda {

inline constexpr std::string_view kTaggableResourcePattern =
    "arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:["
    "a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-"
    "mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-"
    "provider:[a-zA-Z0-9-_]+)";

struct TagResourceRequest {
  std::string resource;
  std::map<std::string, std::string> tags;
  static constexpr auto shape() {
    using Self = TagResourceRequest;
    return std::tuple{wire::field("Resource", &Self::resource)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kTaggableResourcePattern),
                      wire::field("Tags", &Self::tags).required()};
  }
};

struct UntagResourceRequest {
  std::string resource;
  std::vector<std::string> tag_keys;
  static constexpr auto shape() {
    using Self = UntagResourceRequest;
    return std::tuple{
        wire::field("Resource", &Self::resource)
            .required()
            .in(wire::Place::path)
            .length(1, 256)
            .pattern(kTaggableResourcePattern),
        wire::field("TagKeys", &Self::tag_keys).required().in(wire::Place::query, "tagKeys")};
  }
};

struct ListTagsRequest {
  std::string resource;
  static constexpr auto shape() {
    using Self = ListTagsRequest;
    return std::tuple{wire::field("Resource", &Self::resource)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kTaggableResourcePattern)};
  }
};

struct ListTagsResponse {
  std::optional<std::map<std::string, std::string>> tags;
  static constexpr auto shape() {
    using Self = ListTagsResponse;
    return std::tuple{wire::field("Tags", &Self::tags)};
  }
};

}  // namespace mayfly::lambda
