// Deployments: a stage serves what its deployment froze, so a change is seen when it is deployed,
// at once and by itself where the stage says AutoDeploy. All of it happens in the transaction of
// the change.
#pragma once

#include <string>

#include "base/arn.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/task.h"
#include "services/apigateway/shapes.h"
#include "store/store.h"
#include "wire/error.h"

namespace mayfly::apigateway {

// Where a change happens. A value: copied into coroutines.
struct Change {
  base::Scope scope;
  std::string api_id;
  base::WallTime now;
  base::Ids* ids;
};

// Freezes the API as it is now. BadRequestException where it has no routes.
base::Task<wire::Result<Deployment>> deploy(store::Transaction& transaction, Change change,
                                            Maybe<std::string> description);

// Gives the stage this deployment, removing the automatic one that it had before.
base::Task<wire::Result<void>> assign(store::Transaction& transaction, Change change, Stage& stage,
                                      std::string deployment_id);

// After every change of what a snapshot holds: deploys to the stages with AutoDeploy. A stage that
// cannot be deployed says so in its LastDeploymentStatusMessage and keeps what it served.
base::Task<wire::Result<void>> deploy_automatically(store::Transaction& transaction, Change change);

// The same for one stage, which the caller stores.
base::Task<wire::Result<void>> deploy_stage(store::Transaction& transaction, Change change,
                                            Stage& stage);

wire::Timestamp timestamp_of(base::WallTime time);

}  // namespace mayfly::apigateway
