#include "cli/dynamodb.h"

#include <fmt/format.h>

namespace mayfly::cli {
namespace {

const wire::DocumentList& list_at(const wire::Document& document, std::string_view name) {
  static const wire::DocumentList kNone;
  const auto* member = document.find(name);
  const auto* list = member == nullptr ? nullptr : member->as_list();
  return list == nullptr ? kNone : *list;
}

}  // namespace

Answer<std::vector<std::string>> DynamoDbClient::tables() {
  std::vector<std::string> names;
  wire::Document input = wire::Document::map();
  while (true) {
    const auto page = call("ListTables", input);
    if (!page) return std::unexpected(page.error());
    for (const auto& name : list_at(*page, "TableNames")) {
      if (const auto* text = name.as_string()) names.push_back(*text);
    }
    const std::string last = text_at(*page, "LastEvaluatedTableName");
    if (last.empty()) return names;
    input.set("ExclusiveStartTableName", last);
  }
}

Answer<TableInfo> DynamoDbClient::describe(const std::string& table) {
  wire::Document input = wire::Document::map();
  input.set("TableName", table);
  auto answer = call("DescribeTable", input);
  if (!answer) {
    Problem problem = answer.error();
    if (problem.code == "ResourceNotFoundException") {
      problem.text =
          fmt::format("There is no table {}. Those that exist: mayfly table list", table);
    }
    return std::unexpected(std::move(problem));
  }
  TableInfo info{.name = table, .keys = {}, .description = {}};
  if (const auto* description = answer->find("Table")) info.description = *description;
  for (const auto& key : list_at(info.description, "KeySchema")) {
    const std::string name = text_at(key, "AttributeName");
    for (const auto& attribute : list_at(info.description, "AttributeDefinitions")) {
      if (text_at(attribute, "AttributeName") == name)
        info.keys.push_back({name, text_at(attribute, "AttributeType")});
    }
  }
  return info;
}

Answer<void> DynamoDbClient::scan(
    wire::Document input,
    const std::function<Answer<bool>(const wire::DocumentList& items)>& page) {
  while (true) {
    const auto answer = call("Scan", input);
    if (!answer) return std::unexpected(answer.error());
    const auto more = page(list_at(*answer, "Items"));
    if (!more) return std::unexpected(more.error());
    const auto* last = answer->find("LastEvaluatedKey");
    if (!*more || last == nullptr || last->is_null()) return {};
    input.set("ExclusiveStartKey", *last);
  }
}

}  // namespace mayfly::cli
