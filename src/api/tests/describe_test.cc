#include "api/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/tests/toy_service.h"
#include "wire/json.h"

namespace mayfly::api {
namespace {

using testing::HasSubstr;

TEST(Describe, DumpsTheTables) {
  toy::Shelf shelf;
  auto services = toy::services(shelf);
  auto dump = wire::parse_json(dump_api(services));
  ASSERT_TRUE(dump);
  const wire::Document& rest = dump->find("services")->as_list()->at(1);
  EXPECT_EQ(*rest.find("name")->as_string(), "toyrest");
  const wire::Document& fetch = rest.find("operations")->as_list()->at(0);
  EXPECT_EQ(wire::to_json(*fetch.find("http")),
            R"({"method":"POST","uri":"/2020-01-01/things/{Name}/fetch","status":200})");
  EXPECT_EQ(
      wire::to_json(*fetch.find("input")->find("Keys")),
      R"({"type":"list","of":{"type":"string"},"required":false,"place":"query","location":"tagKeys"})");
  EXPECT_EQ(wire::to_json(*rest.find("unsupported")), R"(["BendThing"])");
}

TEST(Describe, WritesTheCompatibilityPage) {
  toy::Shelf shelf;
  EXPECT_THAT(compatibility_markdown(toy::services(shelf)[0]),
              HasSubstr("## Supported\n\n- BreakThing\n- DeleteThing\n- PutThing\n- "
                        "SlowThing\n\n## Not supported yet"));
}

struct Faulty {
  std::string text;
  static constexpr auto shape() {
    return std::tuple{wire::field("Text", &Faulty::text).in(wire::Place::path).pattern("a(?=b)")};
  }
};
base::Task<wire::Result<void>> faulty(toy::Shelf&, const RequestContext&, Faulty) {
  co_return wire::Result<void>{};
}

TEST(Describe, FindsFaultsOfTheTables) {
  toy::Shelf shelf;
  const auto services = toy::services(shelf);
  for (const auto& operation : table_faults(services[1]))
    EXPECT_THAT(operation, HasSubstr("AWS has no operation"));
  static constexpr auto kFaulty =
      operations<toy::Shelf>(operation<faulty>("Faulty", {"GET", "/{Other}", 200}));
  const Service service = api::service(
      shelf, {.name = "x", .title = "X", .facts = {.protocol = wire::Protocol::rest_json}},
      kFaulty);
  EXPECT_THAT(
      table_faults(service),
      testing::ElementsAre("Faulty: Text is in the path, but not in /{Other}",
                           "Faulty: no member takes {Other}", HasSubstr("Text: pattern a(?=b)")));
}

}  // namespace
}  // namespace mayfly::api
