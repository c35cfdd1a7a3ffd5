// table list, scan, get, put and delete.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/dynamodb.h"
#include "cli/item_files.h"
#include "cli/item_text.h"
#include "cli/table.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

using Action = TableCommand::Action;
using Form = TableCommand::Format;

constexpr int kNotFound = 1;
constexpr std::chrono::seconds kTimeout{60};

std::int64_t int_at(const wire::Document& document, std::string_view name) {
  const auto* member = document.find(name);
  return member == nullptr ? 0 : member->as_int().value_or(0);
}

std::string keys_text(const TableInfo& table) {
  std::string out;
  for (const KeyAttribute& key : table.keys)
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", key.name, key.type);
  return out;
}

Answer<int> list(const TableCommand& command, DynamoDbClient& client, Terminal& terminal) {
  const auto names = client.tables();
  if (!names) return std::unexpected(names.error());
  Table text({{"TABLE"}, {"STATUS"}, {"ITEMS", Align::right}, {"BYTES", Align::right}, {"KEY"}});
  for (const std::string& name : *names) {
    const auto table = client.describe(name);
    if (!table) return std::unexpected(table.error());
    if (command.format == Form::plain) {
      terminal.out << wire::to_json(table->description) << '\n';
    } else {
      text.row({name, text_at(table->description, "TableStatus"),
                with_thousands(int_at(table->description, "ItemCount")),
                with_thousands(int_at(table->description, "TableSizeBytes")), keys_text(*table)});
    }
  }
  if (command.format == Form::text)
    terminal.out << (names->empty() ? "There is no table.\n" : text.str());
  return 0;
}

// "name=value" in two.
Answer<std::pair<std::string, std::string>> split_word(const std::string& word) {
  const std::size_t equals = word.find('=', 1);
  if (equals == std::string::npos) {
    return std::unexpected(Problem{fmt::format("\"{}\" is not NAME=VALUE.", printable(word)), ""});
  }
  return std::pair(word.substr(0, equals), word.substr(equals + 1));
}

const KeyAttribute* key_named(const TableInfo& table, const std::string& name) {
  const auto found = std::ranges::find(table.keys, name, &KeyAttribute::name);
  return found == table.keys.end() ? nullptr : &*found;
}

Answer<wire::Document> item_of_words(const TableInfo& table,
                                     const std::vector<std::string>& words) {
  wire::Document item = wire::Document::map();
  for (const std::string& word : words) {
    const auto pair = split_word(word);
    if (!pair) return std::unexpected(pair.error());
    const auto& [name, value] = *pair;
    if (const KeyAttribute* key = key_named(table, name)) {
      auto typed = key_from_word(name, value, key->type);
      if (!typed) return typed;
      item.set(name, std::move(*typed));
    } else {
      item.set(name, value_from_word(value));
    }
  }
  return item;
}

Answer<wire::Document> key_of_words(const TableInfo& table, const std::vector<std::string>& words) {
  auto key = item_of_words(table, words);
  if (!key) return key;
  const bool whole =
      key->as_map()->size() == table.keys.size() &&
      std::ranges::all_of(table.keys, [&](const auto& part) { return key->find(part.name); });
  if (whole) return key;
  return std::unexpected(
      Problem{fmt::format("The key of {} is {}: give just that, as in {}=VALUE.", table.name,
                          keys_text(table), table.keys.empty() ? "id" : table.keys.front().name),
              ""});
}

std::string item_text(const TableInfo& table, const wire::Document& item) {
  Table text({{"ATTRIBUTE"}, {"TYPE"}, {"VALUE"}});
  const auto row = [&](const std::string& name, const wire::Document& value) {
    const auto* map = value.as_map();
    text.row({name, map == nullptr || map->empty() ? "" : map->front().first, field_text(value)});
  };
  for (const KeyAttribute& key : table.keys) {
    if (const auto* value = item.find(key.name)) row(key.name, *value);
  }
  std::map<std::string, const wire::Document*> others;
  for (const auto& [name, value] : *item.as_map()) {
    if (key_named(table, name) == nullptr) others[name] = &value;
  }
  for (const auto& [name, value] : others) row(name, *value);
  return text.str();
}

Answer<int> get(const TableCommand& command, DynamoDbClient& client, Terminal& terminal) {
  const auto table = client.describe(command.table);
  if (!table) return std::unexpected(table.error());
  auto key = key_of_words(*table, command.words);
  if (!key) return std::unexpected(key.error());
  wire::Document input = wire::Document::map();
  input.set("TableName", command.table);
  input.set("Key", std::move(*key));
  input.set("ConsistentRead", true);
  const auto answer = client.call("GetItem", input);
  if (!answer) return std::unexpected(answer.error());
  const auto* item = answer->find("Item");
  if (item == nullptr || item->as_map() == nullptr) {
    terminal.err << "There is no such item.\n";
    return kNotFound;
  }
  terminal.out << (command.format == Form::plain ? plain_json(*item) + '\n'
                                                 : item_text(*table, *item));
  return 0;
}

Answer<int> put(const TableCommand& command, DynamoDbClient& client, Terminal& terminal) {
  const auto table = client.describe(command.table);
  if (!table) return std::unexpected(table.error());
  std::string json = command.item;
  if (json == "-") json.assign(std::istreambuf_iterator<char>(terminal.in), {});
  if (json.empty() && command.words.empty()) {
    return std::unexpected(Problem{"Nothing to put: give NAME=VALUE, or --item JSON.", ""});
  }
  auto item = json.empty() ? item_of_words(*table, command.words) : item_from_json(json);
  if (!item) return std::unexpected(item.error());
  wire::Document input = wire::Document::map();
  input.set("TableName", command.table);
  input.set("Item", std::move(*item));
  input.set("ReturnValues", "ALL_OLD");
  const auto answer = client.call("PutItem", input);
  if (!answer) return std::unexpected(answer.error());
  const auto* old = answer->find("Attributes");
  if (old != nullptr && old->is_map()) terminal.err << "In place of: " << plain_json(*old) << '\n';
  return 0;
}

Answer<int> remove(const TableCommand& command, DynamoDbClient& client, Terminal& terminal) {
  const auto table = client.describe(command.table);
  if (!table) return std::unexpected(table.error());
  auto key = key_of_words(*table, command.words);
  if (!key) return std::unexpected(key.error());
  wire::Document input = wire::Document::map();
  input.set("TableName", command.table);
  input.set("Key", std::move(*key));
  input.set("ReturnValues", "ALL_OLD");
  const auto answer = client.call("DeleteItem", input);
  if (!answer) return std::unexpected(answer.error());
  const auto* old = answer->find("Attributes");
  if (old != nullptr && old->is_map()) {
    terminal.err << "Deleted: " << plain_json(*old) << '\n';
    return 0;
  }
  terminal.err << "There was no such item.\n";
  return kNotFound;
}

// The key, then what most items have.
std::vector<std::string> columns_of(const TableInfo& table, const wire::DocumentList& items) {
  constexpr std::size_t kMostColumns = 10;
  std::map<std::string, int> counts;
  for (const auto& item : items) {
    for (const auto& attribute : *item.as_map()) --counts[attribute.first];
  }
  std::vector<std::string> columns;
  for (const KeyAttribute& key : table.keys) columns.push_back(key.name);
  std::vector<std::pair<int, std::string>> others;
  for (const auto& [name, count] : counts) {
    if (key_named(table, name) == nullptr) others.emplace_back(count, name);
  }
  std::ranges::sort(others);
  for (const auto& [count, name] : others) {
    if (columns.size() < kMostColumns) columns.push_back(name);
  }
  return columns;
}

std::string items_text(const TableInfo& table, const wire::DocumentList& items) {
  const std::vector<std::string> names = columns_of(table, items);
  std::vector<Table::Column> columns;
  for (const std::string& name : names) columns.push_back({printable(name)});
  columns.push_back({""});
  Table text(std::move(columns));
  for (const auto& item : items) {
    std::vector<std::string> cells;
    std::size_t shown = 0;
    for (const std::string& name : names) {
      const auto* value = item.find(name);
      cells.push_back(value == nullptr ? "" : cell_text(*value));
      shown += value == nullptr ? 0 : 1;
    }
    const std::size_t hidden = item.as_map()->size() - shown;
    cells.push_back(hidden == 0 ? "" : fmt::format("+{}", hidden));
    text.row(std::move(cells));
  }
  return text.str();
}

// ":t=100" and "#n=name" into the maps of an expression.
Answer<void> set_placeholders(const TableCommand& command, wire::Document& input) {
  for (const auto* words : {&command.values, &command.names}) {
    const bool values = words == &command.values;
    wire::Document map = wire::Document::map();
    for (const std::string& word : *words) {
      const auto pair = split_word(word);
      if (!pair) return std::unexpected(pair.error());
      map.set(pair->first, values ? value_from_word(pair->second) : wire::Document(pair->second));
    }
    if (!words->empty())
      input.set(values ? "ExpressionAttributeValues" : "ExpressionAttributeNames", std::move(map));
  }
  return {};
}

Answer<int> scan(const TableCommand& command, DynamoDbClient& client, Terminal& terminal) {
  const auto table = client.describe(command.table);
  if (!table) return std::unexpected(table.error());
  wire::Document input = wire::Document::map();
  input.set("TableName", command.table);
  if (!command.index.empty()) input.set("IndexName", command.index);
  if (!command.filter.empty()) input.set("FilterExpression", command.filter);
  if (auto set = set_placeholders(command, input); !set) return std::unexpected(set.error());
  // Without a filter there is no need to read more than is shown.
  if (command.limit != 0 && command.filter.empty())
    input.set("Limit", static_cast<std::int64_t>(command.limit + 1));
  std::size_t shown = 0;
  bool more = false;
  const auto done = client.scan(input, [&](const wire::DocumentList& items) -> Answer<bool> {
    wire::DocumentList wanted = items;
    if (command.limit != 0 && shown + wanted.size() > command.limit) {
      wanted.resize(command.limit - shown);
      more = true;
    }
    shown += wanted.size();
    if (command.format == Form::plain) {
      for (const auto& item : wanted) terminal.out << plain_json(item) << '\n';
    } else if (!wanted.empty()) {
      terminal.out << items_text(*table, wanted);
    }
    return !more;
  });
  if (!done) return std::unexpected(done.error());
  if (command.format == Form::text) {
    terminal.err << fmt::format("{} item{}{}\n", with_thousands(static_cast<std::int64_t>(shown)),
                                shown == 1 ? "" : "s",
                                more ? "; there are more (--limit N, --all)" : "");
  }
  return 0;
}

}  // namespace

int run_table(const TableCommand& command, const Target& target, Terminal& terminal) {
  ApiClient api(target, terminal.clock, kTimeout);
  DynamoDbClient client(api);
  const auto answer = [&]() -> Answer<int> {
    switch (command.action) {
      case Action::list:
        return list(command, client, terminal);
      case Action::scan:
        return scan(command, client, terminal);
      case Action::get:
        return get(command, client, terminal);
      case Action::put:
        return put(command, client, terminal);
      case Action::remove:
        return remove(command, client, terminal);
      case Action::export_items:
        return export_items(command, client, terminal);
      case Action::import_items:
        return import_items(command, target, client, terminal);
    }
    return 0;
  }();
  if (answer) return *answer;
  terminal.err << answer.error().text << '\n';
  return kFailed;
}

}  // namespace mayfly::cli
