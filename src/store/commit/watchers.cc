#include "store/commit/watchers.h"

#include <algorithm>
#include <iterator>

namespace mayfly::store {

base::OneShot<bool> Watchers::add(std::string_view prefix) {
  base::OneShot<bool> watch;
  std::lock_guard lock(mutex_);
  if (closed_) {
    watch.set(false);
    return watch;
  }
  if (count_ >= sweep_at_) drop_abandoned();
  auto at = prefixes_.find(prefix);
  if (at == prefixes_.end()) {
    at = prefixes_.emplace(prefix, Waiting{}).first;
    ++lengths_[prefix.size()];
  }
  at->second.push_back(watch);
  ++count_;
  return watch;
}

void Watchers::notify(std::uint64_t sequence, const WriteSet& writes) {
  if (count_ == 0) return;
  Waiting woken;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, value] : writes.points()) collect(key, woken);
    for (const WriteSet::Sequenced& put : writes.sequenced()) collect(put.key(sequence), woken);
    for (const KeyRange& range : writes.erased()) collect(range, woken);
  }
  for (const base::OneShot<bool>& watch : woken) watch.set(true);
}

void Watchers::close() {
  Waiting woken;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    for (auto& [prefix, waiting] : prefixes_) std::ranges::move(waiting, std::back_inserter(woken));
    prefixes_.clear();
    lengths_.clear();
    count_ = 0;
  }
  for (const base::OneShot<bool>& watch : woken) watch.set(false);
}

// There are few lengths of prefixes at any time, so a key asks once for each.
void Watchers::collect(std::string_view key, Waiting& out) {
  for (auto length = lengths_.begin(); length != lengths_.end() && length->first <= key.size();) {
    const auto at = prefixes_.find(key.substr(0, length->first));
    ++length;  // take() may remove the entry that it points to
    if (at != prefixes_.end()) take(at, out);
  }
}

void Watchers::collect(const KeyRange& range, Waiting& out) {
  for (auto at = prefixes_.begin(); at != prefixes_.end();) {
    const auto here = at++;
    if (range.overlaps(KeyRange{here->first, prefix_end(here->first)})) take(here, out);
  }
}

void Watchers::take(Prefixes::iterator at, Waiting& out) {
  count_ -= at->second.size();
  std::ranges::move(at->second, std::back_inserter(out));
  const auto length = lengths_.find(at->first.size());
  if (--length->second == 0) lengths_.erase(length);
  prefixes_.erase(at);
}

void Watchers::drop_abandoned() {
  Waiting dropped;
  for (auto at = prefixes_.begin(); at != prefixes_.end();) {
    const auto here = at++;
    count_ -= std::erase_if(here->second, [](const auto& watch) { return watch.abandoned(); });
    if (here->second.empty()) take(here, dropped);
  }
  sweep_at_ = std::max<std::size_t>(64, count_ * 2);
}

}  // namespace mayfly::store
