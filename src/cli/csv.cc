#include "cli/csv.h"

namespace mayfly::cli {

std::string write_csv(const std::vector<std::string>& fields) {
  std::string out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      out += fields[i];
      continue;
    }
    out += '"';
    for (const char c : fields[i]) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  return out;
}

std::expected<std::vector<std::string>, std::string> CsvReader::next() {
  std::vector<std::string> fields;
  if (in_.peek() == std::istream::traits_type::eof()) return fields;
  line_ = ++read_;
  fields.emplace_back();
  bool quoted = false;
  for (int c = in_.get(); c != std::istream::traits_type::eof(); c = in_.get()) {
    std::string& field = fields.back();
    if (c == '\n' && !quoted) return fields;
    if (c == '\n') ++read_;
    if (quoted && c == '"' && in_.peek() == '"') {
      field += static_cast<char>(in_.get());
    } else if (c == '"' && (quoted || field.empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r' || quoted || in_.peek() != '\n') {
      field += static_cast<char>(c);
    }
  }
  if (quoted) return std::unexpected("a quoted field does not end");
  return fields;
}

}  // namespace mayfly::cli
