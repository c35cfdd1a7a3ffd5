// What `mayfly top` shows, without a terminal: readings of GET /_mayfly/top in, lines out.
//
// Rates are of the time between the last two readings; latencies of the last ten, so that a
// function with an event now and then has some. Not synchronised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "wire/document.h"

namespace mayfly::cli {

struct TopFunction {
  std::int64_t invocations = 0, errors = 0, throttles = 0, cold_starts = 0, cpu_us = 0;
  std::int64_t busy = 0, idle = 0, spare = 0, starting = 0, templates = 0, clones = 0;
  std::int64_t memory_bytes = 0;
  base::Histogram duration;
};

// One answer of the daemon.
struct TopReading {
  std::int64_t time_ms = 0, started_ms = 0, cores = 1;
  std::int64_t memory_held = 0, memory_budget = 0, daemon_memory = 0;
  double daemon_cpu_seconds = 0;
  std::map<std::string, std::int64_t> environments;  // by state
  std::map<std::string, std::int64_t> causes;        // of cold starts
  std::map<std::string, TopFunction> functions;
};
// Whatever is missing or of another type is nothing: another version may answer.
TopReading read_top(const wire::Document& answer);

enum class TopSort { rate, p50, p99, errors, cold, busy, memory, cpu, name };
inline constexpr int kTopSorts = 9;

class TopView {
 public:
  explicit TopView(std::string endpoint) : endpoint_(std::move(endpoint)) {}

  void add(TopReading reading);
  // Shown in place of the key line until the next reading; empty: none.
  void set_problem(std::string text) { problem_ = std::move(text); }

  struct Line {
    std::string text;
    enum class Kind { plain, title, problem } kind = Kind::plain;
  };
  // At most `height` lines of at most `width` characters. height 0: all rows, and no line of keys.
  std::vector<Line> lines(std::size_t width, std::size_t height) const;

  // What a key does; false: it ends the show.
  bool key(const std::string& pressed, std::size_t height);
  TopSort sort() const { return sort_; }
  std::size_t first_row() const { return first_row_; }

 private:
  struct Row;
  std::vector<Row> rows() const;
  std::vector<std::string> summary() const;
  void scroll(std::int64_t rows, std::size_t height);

  std::string endpoint_;
  std::deque<TopReading> readings_;  // the newest last
  std::string problem_;
  TopSort sort_ = TopSort::rate;
  bool reversed_ = false;
  std::size_t first_row_ = 0;
};

}  // namespace mayfly::cli
