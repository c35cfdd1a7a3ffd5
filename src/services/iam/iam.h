// Iam: Identity and Access Management. Start here. Threads: any.
#pragma once

#include "api/service.h"
#include "base/clock.h"
#include "base/ids.h"
#include "services/iam/model/access_keys.h"
#include "store/store.h"

namespace mayfly::iam {

struct Iam {
  // All outlive it.
  Iam(store::Store& store_, const base::Clock& clock_, base::Ids& ids_)
      : store(store_), clock(clock_), ids(ids_), access_keys(store_) {}

  store::Store& store;
  const base::Clock& clock;
  base::Ids& ids;
  AccessKeys access_keys;
};

api::Service make_service(Iam& iam);

}  // namespace mayfly::iam
