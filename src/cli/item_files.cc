#include "cli/item_files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "cli/csv.h"
#include "cli/item_text.h"
#include "cli/item_writers.h"
#include "cli/table.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

using Form = TableCommand::Format;

Problem cannot(std::string_view what, const std::string& file) {
  return {fmt::format("Cannot {} {}: {}", what, file, std::strerror(errno)), ""};
}

// How far it is, on one line that is written again and again.
class ProgressLine {
 public:
  ProgressLine(Terminal& terminal, std::string_view what) : terminal_(terminal), what_(what) {}
  void at(std::int64_t count) {
    if (terminal_.progress == Progress::no) return;
    const auto now = terminal_.clock.monotonic();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds{200};
    terminal_.err << fmt::format("\r{} items {}", with_thousands(count), what_) << std::flush;
  }
  void end(std::int64_t count) {
    terminal_.err << fmt::format("{}{} items {}\n", terminal_.progress == Progress::no ? "" : "\r",
                                 with_thousands(count), what_);
  }

 private:
  Terminal& terminal_;
  std::string_view what_;
  base::MonotonicTime next_{};
};

std::string line_of(const wire::Document& item, Form format) {
  if (format == Form::plain) return plain_json(item);
  wire::Document line = wire::Document::map();
  line.set("Item", item);
  return wire::to_json(line);
}

// The header needs every attribute's name before the first item is written, so the table is read
// twice; attributes that appear between the two are left out, and that is said.
Answer<std::vector<std::string>> csv_columns(const TableInfo& table, DynamoDbClient& client) {
  std::vector<std::string> columns;
  for (const KeyAttribute& key : table.keys) columns.push_back(key.name);
  std::set<std::string> others;
  wire::Document input = wire::Document::map();
  input.set("TableName", table.name);
  const auto done = client.scan(input, [&](const wire::DocumentList& items) -> Answer<bool> {
    for (const auto& item : items) {
      for (const auto& attribute : *item.as_map()) others.insert(attribute.first);
    }
    return true;
  });
  if (!done) return std::unexpected(done.error());
  for (const std::string& key : columns) others.erase(key);
  columns.insert(columns.end(), others.begin(), others.end());
  return columns;
}

std::string csv_line(const wire::Document& item, const std::vector<std::string>& columns) {
  std::vector<std::string> fields;
  for (const std::string& name : columns) {
    const auto* value = item.find(name);
    fields.push_back(value == nullptr ? "" : field_text(*value));
  }
  return write_csv(fields);
}

// An item of the fields of one line; empty fields are attributes that are not there.
Answer<wire::Document> item_of_fields(const std::vector<std::string>& columns,
                                      const std::vector<std::string>& fields,
                                      const TableInfo& table) {
  if (fields.size() > columns.size()) {
    return std::unexpected(Problem{
        fmt::format("{} fields, but the first line has {}", fields.size(), columns.size()), ""});
  }
  wire::Document item = wire::Document::map();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].empty()) continue;
    const auto key = std::ranges::find(table.keys, columns[i], &KeyAttribute::name);
    if (key == table.keys.end()) {
      item.set(columns[i], value_from_word(fields[i]));
      continue;
    }
    auto value = key_from_word(columns[i], fields[i], key->type);
    if (!value) return value;
    item.set(columns[i], std::move(*value));
  }
  return item;
}

// The items of a file, one after the other.
class ItemReader {
 public:
  ItemReader(std::istream& in, Form format, const TableInfo& table)
      : in_(in), format_(format), table_(table), csv_(in) {}

  std::size_t line() const { return format_ == Form::csv ? csv_.line() : line_; }

  // A null document at the end.
  Answer<wire::Document> next() {
    if (format_ == Form::csv) return next_csv();
    std::string text;
    while (std::getline(in_, text)) {
      ++line_;
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (format_ == Form::plain) return item_from_plain(text);
      return format_ == Form::dynamodb ? item_from_typed(text) : item_from_json(text);
    }
    return wire::Document();
  }

 private:
  Answer<wire::Document> next_csv() {
    if (columns_.empty()) {
      auto header = csv_.next();
      if (!header) return std::unexpected(Problem{header.error(), ""});
      columns_ = std::move(*header);
    }
    while (true) {
      auto fields = csv_.next();
      if (!fields) return std::unexpected(Problem{fields.error(), ""});
      if (fields->empty()) return wire::Document();
      if (fields->size() == 1 && fields->front().empty()) continue;  // an empty line
      return item_of_fields(columns_, *fields, table_);
    }
  }

  std::istream& in_;
  const Form format_;
  const TableInfo& table_;
  CsvReader csv_;
  std::vector<std::string> columns_;
  std::size_t line_ = 0;
};

}  // namespace

Answer<int> export_items(const TableCommand& command, DynamoDbClient& client, Terminal& terminal) {
  const auto table = client.describe(command.table);
  if (!table) return std::unexpected(table.error());
  std::ofstream file;
  const bool to_file = !command.file.empty() && command.file != "-";
  if (to_file) file.open(command.file, std::ios::binary | std::ios::trunc);
  if (to_file && !file) return std::unexpected(cannot("write", command.file));
  std::ostream& out = to_file ? file : terminal.out;
  std::vector<std::string> columns;
  if (command.format == Form::csv) {
    auto found = csv_columns(*table, client);
    if (!found) return std::unexpected(found.error());
    columns = std::move(*found);
    out << write_csv(columns) << '\n';
  }
  wire::Document input = wire::Document::map();
  input.set("TableName", command.table);
  ProgressLine progress(terminal, "exported");
  std::int64_t count = 0;
  const auto done = client.scan(input, [&](const wire::DocumentList& items) -> Answer<bool> {
    for (const auto& item : items) {
      out << (command.format == Form::csv ? csv_line(item, columns) : line_of(item, command.format))
          << '\n';
    }
    if (!out) return std::unexpected(cannot("write", to_file ? command.file : "the output"));
    count += static_cast<std::int64_t>(items.size());
    progress.at(count);
    return true;
  });
  if (!done) return std::unexpected(done.error());
  if (!out.flush()) return std::unexpected(cannot("write", to_file ? command.file : "the output"));
  progress.end(count);
  return 0;
}

Answer<int> import_items(const TableCommand& command, const Target& target, DynamoDbClient& client,
                         Terminal& terminal) {
  const auto table = client.describe(command.table);
  if (!table) return std::unexpected(table.error());
  std::ifstream file;
  const bool from_file = !command.file.empty() && command.file != "-";
  if (from_file) file.open(command.file, std::ios::binary);
  if (from_file && !file) return std::unexpected(cannot("read", command.file));
  ItemReader reader(from_file ? file : terminal.in, command.format, *table);
  ItemWriters writers(*table, target, terminal.clock);
  ProgressLine progress(terminal, "imported");
  std::optional<Problem> wrong;
  while (!wrong) {
    auto item = reader.next();
    if (item && item->is_null()) break;
    Answer<void> put = item ? writers.put(std::move(*item)) : std::unexpected(item.error());
    if (!put) {
      wrong = Problem{fmt::format("{}, line {}: {}", from_file ? command.file : "standard input",
                                  reader.line(), put.error().text),
                      ""};
    }
    if (writers.failed()) break;
    progress.at(writers.written());
  }
  const auto done = writers.finish();
  progress.end(writers.written());
  if (!done) return std::unexpected(done.error());
  if (wrong) return std::unexpected(std::move(*wrong));
  return 0;
}

}  // namespace mayfly::cli
