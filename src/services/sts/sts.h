// Sts: the Security Token Service. Start here.
//
// `sessions` is what the rest of the platform uses: it looks up and issues temporary credentials.
// Threads: any.
#pragma once

#include "api/service.h"
#include "services/sts/model/sessions.h"

namespace mayfly::sts {

struct Sts {
  // All outlive it.
  Sts(store::Store& store, const base::Clock& clock, base::Ids& ids)
      : sessions(store, clock, ids) {}

  Sessions sessions;
};

api::Service make_service(Sts& sts);

}  // namespace mayfly::sts
