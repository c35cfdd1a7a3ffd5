// The command line of `mayfly table`.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace mayfly::cli {

struct TableCommand {
  enum class Action { list, scan, get, put, remove, export_items, import_items };
  // text: a table for people. plain: {"id": "1"}. dynamodb: {"Item": {"id": {"S": "1"}}}.
  enum class Format { text, plain, dynamodb, csv, by_content };
  Action action = Action::list;
  Format format = Format::text;
  std::string table = {};
  std::vector<std::string> words = {};  // name=value
  std::string item = {};                // put: JSON, or "-" for standard input
  std::string file = {};                // of export and import; empty or "-": standard streams
  std::string index = {};
  std::string filter = {};
  std::vector<std::string> names = {};   // #name=attribute
  std::vector<std::string> values = {};  // :name=value
  std::size_t limit = 100;               // 0: all
};

class TableArguments {
 public:
  void add(CLI::App& app);  // outlives the parsing
  bool chosen() const { return app_->parsed(); }
  TableCommand take();

 private:
  CLI::App* app_ = nullptr;
  TableCommand command_;
  std::string format_;
  bool json_ = false;
  bool all_ = false;
};

}  // namespace mayfly::cli
