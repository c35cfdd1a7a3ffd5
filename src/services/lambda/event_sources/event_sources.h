// EventSources: keeps the event source mappings of the installation followed as the store has them.
//
// The API changes a row and says so (touch()); here it is acted upon in the background, one step of
// a mapping at a time: what is followed by other settings stops first, so a batch that is under way
// ends by the settings it began with. A start takes up all mappings (resume()). Threads: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/one_shot.h"
#include "services/lambda/event_sources/follower.h"

namespace mayfly::lambda {

// State, as AWS spells it.
inline constexpr std::string_view kCreating = "Creating", kEnabling = "Enabling",
                                  kEnabled = "Enabled", kDisabling = "Disabling",
                                  kDisabled = "Disabled", kUpdating = "Updating",
                                  kDeleting = "Deleting";

class EventSources {
 public:
  explicit EventSources(FollowTools tools) : tools_(tools) {}

  ports::RecordSource& source() const { return tools_.source; }
  // After a change of the row was committed.
  void touch(const MappingId& id);
  // Everything that the store has.
  base::Task<wire::Result<void>> resume();
  // What is cut off from now on is no error of the function.
  void stopping();
  base::Task<void> stop();

 private:
  struct Entry {
    std::shared_ptr<Follower> follower;
    bool busy = false, again = false;
    std::shared_ptr<work::Wake> wake = std::make_shared<work::Wake>();  // of work()
  };
  base::Task<void> work(MappingId id);
  base::Task<wire::Result<void>> settle(const MappingId& id);
  base::Task<void> unfollow(const MappingId& id);
  base::Task<wire::Result<void>> set_lanes(const MappingId& id, std::int32_t lanes);
  base::Task<wire::Result<void>> remove(const MappingId& id);
  base::Task<wire::Result<void>> arrive(const MappingId& id, std::int64_t revision,
                                        std::string_view state);

  const FollowTools tools_;
  std::mutex mutex_;
  std::map<MappingId, Entry> entries_;
  bool stopping_ = false;
  std::size_t working_ = 0;
  std::optional<base::OneShot<bool>> idle_;  // what stop() waits for
};

}  // namespace mayfly::lambda
