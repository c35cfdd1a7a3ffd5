#include "cli/item_writers.h"

#include <fmt/format.h>

#include <chrono>

#include "wire/json.h"

namespace mayfly::cli {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kBatch = 25;  // BatchWriteItem's limit
constexpr std::chrono::seconds kTimeout{60};

}  // namespace

struct ItemWriters::Lane {
  Batch filling;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Batch> ready;
  bool ending = false;
  std::thread thread;
};

ItemWriters::ItemWriters(const TableInfo& table, const Target& target, const base::Clock& clock)
    : table_(table), target_(target), clock_(clock) {
  for (std::size_t i = 0; i < kLanes; ++i) {
    Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>());
    lane.thread = std::thread([this, &lane] { run(lane); });
  }
}

ItemWriters::~ItemWriters() { (void)finish(); }

Answer<void> ItemWriters::put(wire::Document item) {
  std::string key;
  for (const KeyAttribute& attribute : table_.keys) {
    const auto* value = item.find(attribute.name);
    if (value == nullptr || value->find(attribute.type) == nullptr) {
      return std::unexpected(
          Problem{fmt::format("the item has no {} of type {}, which is part of {}'s key",
                              attribute.name, attribute.type, table_.name),
                  ""});
    }
    wire::write_json(*value, key);
  }
  Lane& lane = *lanes_[std::hash<std::string>{}(key) % lanes_.size()];
  lane.filling.insert_or_assign(std::move(key), std::move(item));
  if (lane.filling.size() == kBatch) hand_over(lane);
  return {};
}

void ItemWriters::hand_over(Lane& lane) {
  std::unique_lock lock(lane.mutex);
  lane.changed.wait(lock, [&] { return !lane.ready || failed_; });
  if (!failed_) lane.ready = std::move(lane.filling);
  lane.filling.clear();
  lane.changed.notify_all();
}

Answer<void> ItemWriters::finish() {
  for (auto& lane : lanes_) {
    if (!lane->filling.empty()) hand_over(*lane);
    std::lock_guard lock(lane->mutex);
    lane->ending = true;
    lane->changed.notify_all();
  }
  for (auto& lane : lanes_) {
    if (lane->thread.joinable()) lane->thread.join();
  }
  std::lock_guard lock(mutex_);
  if (problem_) return std::unexpected(*problem_);
  return {};
}

void ItemWriters::run(Lane& lane) {
  ApiClient api(target_, clock_, kTimeout);
  DynamoDbClient client(api);
  while (true) {
    Batch batch;
    {
      std::unique_lock lock(lane.mutex);
      lane.changed.wait(lock, [&] { return lane.ready || lane.ending; });
      if (!lane.ready) return;
      batch = std::move(*lane.ready);
    }
    // Still in `ready` as far as put() sees, so that two batches are all that a lane holds.
    if (!failed_) {
      if (auto done = write(client, batch); !done) fail(done.error());
    }
    std::lock_guard lock(lane.mutex);
    lane.ready.reset();
    lane.changed.notify_all();
  }
}

Answer<void> ItemWriters::write(DynamoDbClient& client, const Batch& batch) {
  wire::Document puts = wire::Document::list();
  for (const auto& [key, item] : batch) {
    wire::Document put = wire::Document::map();
    wire::Document request = wire::Document::map();
    request.set("Item", item);
    put.set("PutRequest", std::move(request));
    puts.push_back(std::move(put));
  }
  wire::Document tables = wire::Document::map();
  tables.set(table_.name, std::move(puts));
  while (!failed_) {
    wire::Document input = wire::Document::map();
    input.set("RequestItems", tables);
    const auto answer = client.call("BatchWriteItem", input);
    if (!answer) return std::unexpected(answer.error());
    const auto* left = answer->find("UnprocessedItems");
    if (left == nullptr || left->as_map() == nullptr || left->as_map()->empty()) break;
    // What is left is what the daemon had no room for: as many as it took make room for it.
    tables = *left;
  }
  written_ += static_cast<std::int64_t>(batch.size());
  return {};
}

void ItemWriters::fail(const Problem& problem) {
  {
    std::lock_guard lock(mutex_);
    if (!problem_) problem_ = problem;
  }
  failed_ = true;
  for (auto& lane : lanes_) {
    std::lock_guard lock(lane->mutex);
    lane->changed.notify_all();
  }
}

}  // namespace mayfly::cli
