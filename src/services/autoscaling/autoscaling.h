// Autoscaling: Application Auto Scaling. Start here. Threads: any.
#pragma once

#include "api/service.h"
#include "base/clock.h"
#include "base/ids.h"
#include "ports/scaling_settings.h"
#include "store/store.h"

namespace mayfly::autoscaling {

struct Autoscaling;

// What DynamoDB shows and changes of its tables' settings.
class Settings final : public ports::ScalingSettings {
 public:
  explicit Settings(Autoscaling& autoscaling) : autoscaling_(autoscaling) {}
  base::Task<wire::Result<std::optional<ports::CapacityScaling>>> find(
      ports::ScalableCapacity of) override;
  base::Task<wire::Result<void>> change(ports::ScalableCapacity of, ports::CapacityScaling to,
                                        std::string metric, base::WallTime now) override;
  base::Task<wire::Result<void>> end(ports::ScalableCapacity of) override;

 private:
  Autoscaling& autoscaling_;
};

struct Autoscaling {
  // All outlive it.
  Autoscaling(store::Store& the_store, base::Ids& the_ids) : store(the_store), ids(the_ids) {}
  Autoscaling(const Autoscaling&) = delete;
  Autoscaling& operator=(const Autoscaling&) = delete;

  store::Store& store;
  base::Ids& ids;
  Settings settings{*this};
};

api::Service make_service(Autoscaling& autoscaling);

}  // namespace mayfly::autoscaling
