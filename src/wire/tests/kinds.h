// A struct with a member of every kind and rule, for the fuzzers.
#pragma once

#include "wire/shape.h"

namespace mayfly::wire::testing {

inline constexpr std::string_view kColours[] = {"RED", "GREEN"};

struct Kinds {
  std::string text;
  std::optional<bool> truth;
  std::optional<std::int32_t> number;
  std::optional<std::int64_t> big;
  std::optional<double> real;
  std::optional<Blob> blob;
  std::optional<Timestamp> time;
  Document free;
  std::optional<std::vector<std::string>> list;
  std::optional<std::vector<std::string>> flat;
  std::optional<std::map<std::string, std::string>> map;
  std::vector<Kinds> inner;
  std::unique_ptr<Kinds> child;
  static constexpr auto shape() {
    using Self = Kinds;
    return std::tuple{
        field("Text", &Self::text).required().length(1, 20).pattern("[a-zA-Z0-9]+"),
        field("Truth", &Self::truth),
        field("Number", &Self::number).range(-5, 5),
        field("Big", &Self::big).at_least(0),
        field("Real", &Self::real),
        field("Blob", &Self::blob).length(0, 100),
        field("Time", &Self::time),
        field("Free", &Self::free),
        field("List", &Self::list).items(1, 5).each(rules().one_of(kColours)),
        field("Flat", &Self::flat).flattened(),
        field("Map", &Self::map).keys(rules().length(1, 5)).each(rules().pattern("[a-z]*")),
        field("Inner", &Self::inner),
        field("Child", &Self::child)};
  }
};

struct Placed {
  std::string label;
  std::optional<std::string> greedy;
  std::optional<std::int32_t> number;
  std::optional<std::vector<std::string>> list;
  std::optional<Timestamp> time;
  std::optional<std::string> header;
  std::optional<std::map<std::string, std::string>> meta;
  std::optional<Kinds> body;
  static constexpr auto shape() {
    using Self = Placed;
    return std::tuple{field("Label", &Self::label).required().in(Place::path).length(1, 20),
                      field("Greedy", &Self::greedy).in(Place::path),
                      field("Number", &Self::number).in(Place::query).range(0, 9),
                      field("List", &Self::list).in(Place::query),
                      field("Time", &Self::time).in(Place::query),
                      field("Header", &Self::header).in(Place::header, "x-header"),
                      field("Meta", &Self::meta).in(Place::prefix_headers, "x-meta-"),
                      field("Body", &Self::body)};
  }
};

}  // namespace mayfly::wire::testing
