// Invoker: has a function run, for the API and for other services (ports::FunctionInvoker).
//
// The way of an event: the name is resolved (an alias with weights chooses a version), a Pending
// version is waited for, the resource policy is asked where a service calls, then the engine runs
// it. Asynchronous events are accepted by one commit and run by the work queue (async_events.h).
// Threads: any.
#pragma once

#include <string>

#include "base/ids.h"
#include "ports/function_invoker.h"
#include "ports/metric_sink.h"
#include "services/lambda/model/async_events.h"
#include "services/lambda/model/failed_events.h"
#include "services/lambda/model/lifecycle.h"
#include "services/lambda/model/streamed_run.h"

namespace mayfly::lambda {

inline constexpr std::size_t kMaxSyncPayload = 6'291'456;
inline constexpr std::size_t kMaxAsyncPayload = 1'048'576;

class Invoker final : public ports::FunctionInvoker {
 public:
  struct Parts {
    store::Store& store;
    const base::Clock& clock;
    base::Ids& ids;
    Specs& specs;
    Lifecycle& lifecycle;
    FunctionRunner& runner;
    FailedEvents& failed_events;
    ports::MetricSink& metrics;
  };
  explicit Invoker(Parts parts) : parts_(parts) {}

  base::Task<wire::Result<ports::InvokeResult>> invoke(ports::InvokeRequest request) override;
  base::Task<wire::Result<std::string>> invoke_async(ports::InvokeRequest request) override;

  // The same with the id of the API request, which the function then sees as its own.
  base::Task<wire::Result<ports::InvokeResult>> run(ports::InvokeRequest request,
                                                    std::string request_id);
  // The same, returning when the answer begins (streamed_run.h).
  base::Task<wire::Result<std::unique_ptr<StreamedRun>>> stream(ports::InvokeRequest request,
                                                                std::string request_id);
  base::Task<wire::Result<std::string>> accept(ports::InvokeRequest request,
                                               std::string request_id);
  // Everything that run() checks before it runs.
  base::Task<wire::Result<void>> check(ports::InvokeRequest request);

 private:
  struct Chosen {
    Target target;
    VersionId id;
    std::shared_ptr<const FunctionRow> function;
    std::shared_ptr<const VersionRow> version;
  };
  struct Prepared {
    std::shared_ptr<const engine::FunctionSpec> spec;
    engine::Event event;
    std::string executed_version;
    std::string qualifier;  // as it was asked for
  };
  base::Task<wire::Result<Prepared>> prepare(ports::InvokeRequest request,
                                             const std::string& request_id);
  // To be kept if it fails, where any are.
  std::optional<FailedEvent> kept_event(const Prepared& prepared) const;
  void keep_if_failed(std::optional<FailedEvent> event, const engine::Outcome& outcome);
  base::Task<wire::Result<Chosen>> choose(const ports::InvokeRequest& request);
  base::Task<wire::Result<void>> check_policy(store::Transaction& transaction,
                                              const ports::InvokeRequest& request,
                                              const base::Scope& owner, const Target& target);
  std::uint64_t pick_version(const AliasRow& alias);

  Parts parts_;
  RowCache<FunctionRow> functions_;
  RowCache<VersionRow> versions_;
  RowCache<AliasRow> aliases_;
  RowCache<PolicyRow> policies_;
};

}  // namespace mayfly::lambda
