#include "services/iam/model/rows.h"

#include "wire/json.h"

namespace mayfly::iam {

base::Task<wire::Result<Page>> read_page(store::Transaction& transaction, std::string prefix,
                                         std::optional<std::string> marker,
                                         std::optional<std::int32_t> max_items, Keep keep) {
  constexpr std::int32_t kDefaultItems = 100;
  const std::size_t limit = static_cast<std::size_t>(max_items.value_or(kDefaultItems));
  std::string begin = prefix;
  if (marker) {
    const std::optional<std::string> rest = base::from_base64(*marker);
    if (!rest || rest->empty()) co_return wire::fail(kValidationError, "Invalid Marker.");
    begin = prefix + *rest + '\0';
  }
  Page page;
  while (true) {
    store::RangeQuery query{.begin = begin, .end = store::prefix_end(prefix), .limit = limit + 1};
    auto rows = co_await transaction.range(std::move(query));
    if (!rows) co_return failed(rows.error());
    for (store::KeyValue& row : rows->rows) {
      begin = row.key + '\0';
      if (keep && !keep(row)) continue;
      if (page.rows.size() == limit) {
        page.marker = base::to_base64(page.rows.back().key.substr(prefix.size()));
        co_return page;
      }
      page.rows.push_back(std::move(row));
    }
    if (!rows->more) co_return page;
  }
}

wire::Result<void> check_policy_document(std::string_view document) {
  const auto parsed = wire::parse_json(document);
  if (!parsed) return wire::fail(kMalformedPolicyDocument, "This policy contains invalid Json");
  if (parsed->as_map() == nullptr)
    return wire::fail(kMalformedPolicyDocument, "Syntax errors in policy.");
  if (const wire::Document* version = parsed->find("Version")) {
    const std::string* text = version->as_string();
    if (text == nullptr || (*text != "2012-10-17" && *text != "2008-10-17")) {
      return wire::fail(kMalformedPolicyDocument, "The policy must contain a valid version string");
    }
  }
  const wire::Document* statement = parsed->find("Statement");
  if (statement == nullptr)
    return wire::fail(kMalformedPolicyDocument, "Missing required field Statement");
  std::vector<const wire::Document*> statements;
  if (const wire::DocumentList* list = statement->as_list()) {
    for (const wire::Document& entry : *list) statements.push_back(&entry);
  } else {
    statements.push_back(statement);
  }
  for (const wire::Document* entry : statements) {
    const wire::Document* effect = entry->find("Effect");
    const std::string* text = effect == nullptr ? nullptr : effect->as_string();
    if (text == nullptr || (*text != "Allow" && *text != "Deny")) {
      return wire::fail(kMalformedPolicyDocument,
                        "Statement must contain a valid Effect: Allow or Deny.");
    }
    if (entry->find("Action") == nullptr && entry->find("NotAction") == nullptr) {
      return wire::fail(kMalformedPolicyDocument, "Policy statement must contain actions.");
    }
  }
  return {};
}

}  // namespace mayfly::iam
