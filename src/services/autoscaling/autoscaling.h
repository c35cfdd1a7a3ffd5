// Autoscaling: Application Auto Scaling. Start here. Threads: any.
#pragma once

#include "api/service.h"
#include "base/clock.h"
#include "base/ids.h"
#include "store/store.h"

namespace mayfly::autoscaling {

struct Autoscaling {
  // All outlive it.
  Autoscaling(store::Store& the_store, base::Ids& the_ids) : store(the_store), ids(the_ids) {}

  store::Store& store;
  base::Ids& ids;
};

api::Service make_service(Autoscaling& autoscaling);

}  // namespace mayfly::autoscaling
