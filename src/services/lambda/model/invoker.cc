#include "services/lambda/model/invoker.h"

#include <fmt/format.h>

#include "services/lambda/errors.h"
#include "services/lambda/model/lineage.h"
#include "services/lambda/model/permissions.h"
#include "wire/json.h"

namespace mayfly::lambda {

namespace {

constexpr std::size_t kMaxKeptError = 4096;

std::string_view reason_text(engine::ThrottleReason reason) {
  switch (reason) {
    case engine::ThrottleReason::reserved_concurrency:
      return "ReservedFunctionConcurrentInvocationLimitExceeded";
    case engine::ThrottleReason::account_concurrency:
      return "ConcurrentInvocationLimitExceeded";
    case engine::ThrottleReason::scaling_rate:
      return "FunctionInvocationRateLimitExceeded";
    // AWS has no word for a machine that is full; clients know what to do with this one.
    case engine::ThrottleReason::machine_memory:
      return "ConcurrentInvocationLimitExceeded";
  }
  return "ConcurrentInvocationLimitExceeded";
}

std::unexpected<wire::ApiError> refused(const engine::Refusal& refusal) {
  switch (refusal.kind) {
    case engine::Refusal::Kind::throttled: {
      wire::Document members;
      members.set("Reason", reason_text(refusal.reason));
      wire::ApiError error{
          &kTooManyRequests, "Rate Exceeded.", std::move(members), {{"Retry-After", "1"}}};
      return std::unexpected(std::move(error));
    }
    case engine::Refusal::Kind::invalid_runtime:
      return wire::fail(kInvalidRuntime, refusal.message);
    case engine::Refusal::Kind::unavailable:
      return wire::fail(kService, refusal.message);
  }
  return wire::fail(kService, refusal.message);
}

wire::Result<void> check_payload(std::string& payload, std::size_t limit) {
  if (payload.size() > limit) {
    return wire::fail(
        kRequestEntityTooLarge,
        fmt::format("Request must be smaller than {} bytes for the InvokeFunction operation",
                    limit));
  }
  if (payload.empty()) {
    payload = "{}";
    return {};
  }
  if (auto json = wire::check_json(payload); !json) {
    return wire::fail(
        kInvalidRequestContent,
        fmt::format("Could not parse request body into json: Could not parse payload into json: {}",
                    json.error().message));
  }
  return {};
}

// A service may call a function of another account; an identity stays in its own (policies that say
// otherwise are evaluated once IAM is).
base::Scope owner_of(const ports::InvokeRequest& request) {
  base::Scope owner = request.scope;
  if (!request.source_service.empty()) {
    const std::optional<FunctionName> name = parse_function_name(request.function);
    if (name && name->account) owner.account = *name->account;
  }
  return owner;
}

}  // namespace

std::uint64_t Invoker::pick_version(const AliasRow& alias) {
  if (!alias.weights.empty()) {
    std::uint8_t bytes[4];
    parts_.ids.fill(bytes);
    const std::uint32_t number =
        bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
    double point = static_cast<double>(number) / 4294967296.0;
    for (const auto& [version, weight] : alias.weights) {
      if (point < weight) return version_number(version).value_or(kLatestNumber);
      point -= weight;
    }
  }
  return version_number(alias.function_version).value_or(kLatestNumber);
}

base::Task<wire::Result<void>> Invoker::check_policy(store::Transaction& transaction,
                                                     const ports::InvokeRequest& request,
                                                     const base::Scope& owner,
                                                     const Target& target) {
  if (request.source_service.empty()) co_return wire::Result<void>{};
  // An unqualified call is covered by the function's own policy, a qualified one by the policy of
  // that version or alias.
  auto policy =
      co_await policies_.find(transaction, policy_key(owner, target.name, target.qualifier));
  if (!policy) co_return std::unexpected(policy.error());
  const std::optional<base::Arn> source = base::Arn::parse(request.source_arn);
  const Caller caller{request.source_service, request.source_arn,
                      source && !source->account.empty() ? source->account : request.scope.account};
  if (*policy != nullptr && permits(**policy, caller, "lambda:InvokeFunction"))
    co_return wire::Result<void>{};
  co_return wire::fail(
      kAccessDenied,
      fmt::format(
          "User: {} is not authorized to perform: lambda:InvokeFunction on resource: {} because no "
          "resource-based policy allows the lambda:InvokeFunction action",
          request.source_service, function_arn(owner, target.name, target.qualifier)));
}

base::Task<wire::Result<Invoker::Chosen>> Invoker::choose(const ports::InvokeRequest& request) {
  const base::Scope owner = owner_of(request);
  auto target =
      resolve_target(owner, request.function,
                     request.qualifier.empty() ? std::nullopt : std::optional(request.qualifier));
  if (!target) co_return std::unexpected(target.error());
  Chosen chosen{std::move(*target), {owner, {}, kLatestNumber}, nullptr, nullptr};
  chosen.id.name = chosen.target.name;
  std::unique_ptr<store::Transaction> transaction = parts_.store.begin();
  auto function = co_await functions_.find(*transaction, function_key(owner, chosen.id.name));
  if (!function) co_return std::unexpected(function.error());
  if (*function == nullptr)
    co_return function_not_found(owner, chosen.id.name, chosen.target.qualifier);
  chosen.function = std::move(*function);
  if (auto allowed = co_await check_policy(*transaction, request, owner, chosen.target); !allowed) {
    co_return std::unexpected(allowed.error());
  }
  if (!chosen.target.qualifier.empty()) {
    if (const std::optional<std::uint64_t> number = version_number(chosen.target.qualifier)) {
      chosen.id.version = *number;
    } else {
      auto alias = co_await aliases_.find(
          *transaction, alias_key(owner, chosen.id.name, chosen.target.qualifier));
      if (!alias) co_return std::unexpected(alias.error());
      if (*alias == nullptr)
        co_return function_not_found(owner, chosen.id.name, chosen.target.qualifier);
      chosen.id.version = pick_version(**alias);
    }
  }
  const std::string key = version_key(owner, chosen.id.name, chosen.id.version);
  auto version = co_await versions_.find(*transaction, key);
  if (version && *version != nullptr && (*version)->state == kPending) {
    transaction.reset();
    auto active = co_await parts_.lifecycle.wait_active(chosen.id);
    if (!active) co_return std::unexpected(active.error());
    transaction = parts_.store.begin();
    version = co_await versions_.find(*transaction, key);
  }
  if (!version) co_return std::unexpected(version.error());
  if (*version == nullptr)
    co_return function_not_found(owner, chosen.id.name, version_text(chosen.id.version));
  chosen.version = std::move(*version);
  co_return chosen;
}

base::Task<wire::Result<Invoker::Prepared>> Invoker::prepare(ports::InvokeRequest request,
                                                             const std::string& request_id) {
  if (auto checked = check_payload(request.payload, kMaxSyncPayload); !checked) {
    co_return std::unexpected(checked.error());
  }
  auto chosen = co_await choose(request);
  if (!chosen) co_return std::unexpected(chosen.error());
  const std::string arn = function_arn(chosen->id.scope, chosen->id.name);
  if (chosen->function->recursive_loop != "Allow" &&
      runs_in_chain(request.trace_header, arn) >= kMostInChain) {
    parts_.metrics.put({chosen->id.scope, chosen->id.name, chosen->target.qualifier,
                        parts_.clock.now(), "RecursiveInvocationsDropped", "Count"});
    co_return wire::fail(kRecursiveInvocation,
                         fmt::format("Lambda has detected that function {} is invoked in a "
                                     "recursive loop, and has stopped it after {} invocations.",
                                     chosen->id.name, kMostInChain));
  }
  auto spec = co_await parts_.specs.get(chosen->id, chosen->function, chosen->version);
  if (!spec) co_return std::unexpected(spec.error());
  Prepared prepared{
      *std::move(spec), {}, version_text(chosen->id.version), chosen->target.qualifier};
  prepared.event.request_id = request_id;
  prepared.event.payload = std::move(request.payload);
  prepared.event.invoked_function_arn =
      function_arn(chosen->id.scope, chosen->id.name, chosen->target.qualifier);
  prepared.event.client_context = std::move(request.client_context);
  prepared.event.trace_header =
      next_in_chain(request.trace_header, arn, parts_.clock.now(), parts_.ids);
  co_return prepared;
}

std::optional<FailedEvent> Invoker::kept_event(const Prepared& prepared) const {
  if (!parts_.failed_events.wanted(prepared.event.payload.size())) return std::nullopt;
  const engine::FunctionSpec& spec = *prepared.spec;
  return FailedEvent{spec.scope,
                     spec.function,
                     prepared.event.request_id,
                     {prepared.qualifier, prepared.event.payload, {}, spec.version}};
}

void Invoker::keep_if_failed(std::optional<FailedEvent> event, const engine::Outcome& outcome) {
  if (!event || !outcome.function_error) return;
  event->row.error = outcome.payload.substr(0, kMaxKeptError);
  parts_.failed_events.record(std::move(*event));
}

base::Task<wire::Result<ports::InvokeResult>> Invoker::run(ports::InvokeRequest request,
                                                           std::string request_id) {
  auto prepared = co_await prepare(std::move(request), request_id);
  if (!prepared) co_return std::unexpected(prepared.error());
  std::optional<FailedEvent> event = kept_event(*prepared);
  auto outcome = co_await parts_.runner.run(std::move(prepared->spec), std::move(prepared->event));
  if (!outcome) co_return refused(outcome.error());
  keep_if_failed(std::move(event), *outcome);
  ports::InvokeResult result;
  result.request_id = std::move(request_id);
  result.payload = std::move(outcome->payload);
  result.function_error = std::move(outcome->function_error);
  result.executed_version = std::move(prepared->executed_version);
  result.log_tail = std::move(outcome->log_tail);
  co_return result;
}

base::Task<wire::Result<std::unique_ptr<StreamedRun>>> Invoker::stream(ports::InvokeRequest request,
                                                                       std::string request_id) {
  auto prepared = co_await prepare(std::move(request), request_id);
  if (!prepared) co_return std::unexpected(prepared.error());
  auto run = std::make_unique<StreamedRun>(std::move(prepared->executed_version));
  auto ended = [this, event = kept_event(*prepared)](const engine::Outcome& outcome) {
    keep_if_failed(event, outcome);
  };
  auto begun = co_await run->begin(parts_.runner, std::move(prepared->spec),
                                   std::move(prepared->event), std::move(ended));
  if (!begun) co_return refused(begun.error());
  co_return run;
}

base::Task<wire::Result<void>> Invoker::check(ports::InvokeRequest request) {
  if (auto checked = check_payload(request.payload, kMaxSyncPayload); !checked) co_return checked;
  auto chosen = co_await choose(request);
  if (!chosen) co_return std::unexpected(chosen.error());
  co_return wire::Result<void>{};
}

base::Task<wire::Result<std::string>> Invoker::accept(ports::InvokeRequest request,
                                                      std::string request_id) {
  if (auto checked = check_payload(request.payload, kMaxAsyncPayload); !checked) {
    co_return std::unexpected(checked.error());
  }
  const base::Scope owner = owner_of(request);
  auto target =
      resolve_target(owner, request.function,
                     request.qualifier.empty() ? std::nullopt : std::optional(request.qualifier));
  if (!target) co_return std::unexpected(target.error());
  AsyncEvent event;
  event.name = target->name;
  event.qualifier = target->qualifier;
  event.request_id = request_id;
  event.payload = wire::Blob{std::move(request.payload)};
  event.client_context = std::move(request.client_context);
  event.trace_header = std::move(request.trace_header);
  event.accepted_ms = base::epoch_ms(parts_.clock.now());
  auto done = co_await store::transact(
      parts_.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto resolved = co_await resolve(transaction, owner, *target);
        if (!resolved) co_return std::unexpected(resolved.error());
        if (auto allowed = co_await check_policy(transaction, request, owner, *target); !allowed)
          co_return allowed;
        enqueue_event(transaction, owner, event, parts_.clock.now());
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  parts_.metrics.put({owner, std::move(event.name), std::move(event.qualifier),
                      base::from_epoch_ms(event.accepted_ms), "AsyncEventsReceived", "Count"});
  co_return request_id;
}

base::Task<wire::Result<ports::InvokeResult>> Invoker::invoke(ports::InvokeRequest request) {
  std::string request_id = parts_.ids.uuid();
  co_return co_await run(std::move(request), std::move(request_id));
}

base::Task<wire::Result<std::string>> Invoker::invoke_async(ports::InvokeRequest request) {
  std::string request_id = parts_.ids.uuid();
  co_return co_await accept(std::move(request), std::move(request_id));
}

}  // namespace mayfly::lambda
