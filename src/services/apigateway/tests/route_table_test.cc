#include "services/apigateway/model/route_table.h"

#include <gtest/gtest.h>

namespace mayfly::apigateway {
namespace {

class Table {
 public:
  explicit Table(std::vector<std::string> keys) : keys_(std::move(keys)) {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const auto key = RouteKey::parse(keys_[i]);
      EXPECT_TRUE(key) << keys_[i] << ": " << key.error();
      if (key) table_.add(*key, i);
    }
  }
  std::string find(std::string_view method, std::string_view path) const {
    const auto match = table_.match(method, path);
    return match ? keys_[match->route] : "none";
  }
  std::string parameters(std::string_view method, std::string_view path) const {
    std::string out;
    const auto match = table_.match(method, path);
    if (!match) return "none";
    for (const auto& [name, value] : match->parameters) out += name + "=" + value + ";";
    return out;
  }

 private:
  std::vector<std::string> keys_;
  RouteTable table_;
};

// The example of AWS's page on routing, in its order of priority.
TEST(RouteTable, PrefersTheMostSpecificRoute) {
  const Table table({"$default", "ANY /{proxy+}", "GET /pets/{proxy+}", "GET /pets/dog/{id}",
                     "GET /pets/dog/1", "POST /pets/dog/1"});
  EXPECT_EQ(table.find("GET", "/pets/dog/1"), "GET /pets/dog/1");
  EXPECT_EQ(table.find("GET", "/pets/dog/2"), "GET /pets/dog/{id}");
  EXPECT_EQ(table.find("GET", "/pets/cat/1"), "GET /pets/{proxy+}");
  EXPECT_EQ(table.find("POST", "/test/5"), "ANY /{proxy+}");
  EXPECT_EQ(table.find("POST", "/pets/dog/1"), "POST /pets/dog/1");
  EXPECT_EQ(table.find("POST", "/pets/dog/2"), "ANY /{proxy+}");
  EXPECT_EQ(table.find("GET", "/"), "$default");
}

TEST(RouteTable, TheMethodBeatsAny) {
  const Table table({"ANY /a", "GET /a"});
  EXPECT_EQ(table.find("GET", "/a"), "GET /a");
  EXPECT_EQ(table.find("PUT", "/a"), "ANY /a");
}

TEST(RouteTable, AWholePathBeatsAGreedyOneThatIsLiteralEarlier) {
  const Table table({"GET /a/{proxy+}", "GET /{x}/b"});
  EXPECT_EQ(table.find("GET", "/a/b"), "GET /{x}/b");
  EXPECT_EQ(table.find("GET", "/a/c"), "GET /a/{proxy+}");
}

TEST(RouteTable, TheLongestBeginningOfGreedyRoutesWins) {
  const Table table({"GET /{proxy+}", "GET /a/{proxy+}", "GET /a/{x}/c/{proxy+}"});
  EXPECT_EQ(table.find("GET", "/a/b/c/d/e"), "GET /a/{x}/c/{proxy+}");
  EXPECT_EQ(table.parameters("GET", "/a/b/c/d/e"), "x=b;proxy=d/e;");
  EXPECT_EQ(table.parameters("GET", "/a/b/x"), "proxy=b/x;");
  EXPECT_EQ(table.parameters("GET", "/z"), "proxy=z;");
}

TEST(RouteTable, BacktracksWhereALiteralLeadsNowhere) {
  const Table table({"GET /a/b/c", "GET /{x}/b/d", "GET /a/{y}/e"});
  EXPECT_EQ(table.parameters("GET", "/a/b/d"), "x=a;");
  EXPECT_EQ(table.parameters("GET", "/a/b/e"), "y=b;");
  EXPECT_EQ(table.find("GET", "/a/b/f"), "none");
}

TEST(RouteTable, DecodesVariablesAfterSplitting) {
  const Table table({"GET /files/{name}", "GET /all/{path+}"});
  EXPECT_EQ(table.parameters("GET", "/files/a%2Fb%20c"), "name=a/b c;");
  EXPECT_EQ(table.parameters("GET", "/files/%ZZ"), "name=%ZZ;");
  EXPECT_EQ(table.parameters("GET", "/files/%FF"), "name=\xC3\xBF;");  // not UTF-8: Latin-1
  EXPECT_EQ(table.parameters("GET", "/all/x//y%2Fz/"), "path=x//y/z/;");
}

TEST(RouteTable, AVariableIsNeverEmpty) {
  const Table table({"GET /pets/{id}", "GET /all/{path+}", "GET /lit/"});
  EXPECT_EQ(table.find("GET", "/pets/"), "none");
  EXPECT_EQ(table.find("GET", "/pets"), "none");
  EXPECT_EQ(table.find("GET", "/all/"), "none");
  EXPECT_EQ(table.find("GET", "/all"), "none");
  EXPECT_EQ(table.find("GET", "/lit"), "none");
  EXPECT_EQ(table.find("GET", "/lit/"), "GET /lit/");
}

TEST(RouteKey, SaysWhatIsWrong) {
  for (const char* text :
       {"", "GET", "GET pets", "get /pets", "FETCH /pets", "GET /a{b}", "GET /{a}/{a}",
        "GET /{a+}/b", "GET /{}", "GET /{+}", "GET /a b", "GET /a?b", "$connect"}) {
    const auto key = RouteKey::parse(text);
    ASSERT_FALSE(key) << text;
    EXPECT_FALSE(key.error().empty());
  }
  EXPECT_TRUE(RouteKey::parse("GET /"));
  EXPECT_TRUE(RouteKey::parse("ANY /{a}/b/{rest+}"));
  EXPECT_FALSE(RouteKey::parse("GET /" + std::string(kMaxRouteKey, 'x')));
}

}  // namespace
}  // namespace mayfly::apigateway
