// Text tables: columns as wide as their widest cell, numbers flushed right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mayfly::cli {

enum class Align { left, right };

class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void row(std::vector<std::string> cells);  // as many as there are columns
  void rule();                               // a line before the next row
  std::string str() const;                   // every line ended by \n, without trailing blanks

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // empty: a rule
};

// "12,345"
std::string with_thousands(std::int64_t number);
// Control characters of a text that comes from elsewhere, made visible: a name must not move the
// cursor.
std::string printable(std::string_view text);

}  // namespace mayfly::cli
