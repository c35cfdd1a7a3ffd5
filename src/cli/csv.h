// CSV as RFC 4180 has it: fields quoted where they need it, quotes doubled, line breaks within
// quotes.
#pragma once

#include <expected>
#include <istream>
#include <string>
#include <vector>

namespace mayfly::cli {

std::string write_csv(const std::vector<std::string>& fields);  // without the line's end

class CsvReader {
 public:
  explicit CsvReader(std::istream& in) : in_(in) {}
  // The fields of the next record; none at the end. An error is a sentence.
  std::expected<std::vector<std::string>, std::string> next();
  std::size_t line() const { return line_; }  // that the last record began on

 private:
  std::istream& in_;
  std::size_t line_ = 0;
  std::size_t read_ = 0;
};

}  // namespace mayfly::cli
