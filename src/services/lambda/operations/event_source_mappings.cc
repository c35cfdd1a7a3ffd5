#include <fmt/format.h>

#include "patterns/event_pattern.h"
#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::size_t kMaxFilters = 5;
constexpr std::int32_t kLeastMaxAge = 60;

std::string mapping_arn(const MappingId& id) {
  return id.scope.arn("lambda", "event-source-mapping:" + id.uuid);
}

std::unexpected<wire::ApiError> refused(std::string message) {
  return wire::fail(kInvalidParameterValue, std::move(message));
}

base::Task<wire::Result<EventSourceMappingConfiguration>> shown(store::Transaction& transaction,
                                                                const MappingId& id,
                                                                const MappingRow& row) {
  auto outcome = co_await transaction.get(outcome_key(id.uuid), store::Conflict::ignore);
  if (!outcome) co_return failed(outcome.error());
  EventSourceMappingConfiguration out;
  out.uuid = id.uuid;
  out.starting_position = row.starting_position;
  out.batch_size = row.batch_size;
  out.maximum_batching_window_in_seconds = row.window_seconds;
  out.parallelization_factor = row.factor;
  out.event_source_arn = row.source;
  out.function_arn = function_arn(id.scope, row.function, row.qualifier);
  out.last_modified = wire::Timestamp{static_cast<double>(row.modified_ms) / 1000};
  out.last_processing_result = outcome->value_or(std::string(kNothingProcessed));
  out.state = row.state;
  out.state_transition_reason = "User action";
  out.destination_config.emplace().on_failure.emplace();
  out.maximum_record_age_in_seconds = row.max_age_seconds;
  out.bisect_batch_on_function_error = row.bisect;
  out.maximum_retry_attempts = row.retries;
  out.tumbling_window_in_seconds = row.tumbling_seconds;
  out.function_response_types.emplace();
  if (row.report_failures) out.function_response_types->emplace_back(kFunctionResponseTypes[0]);
  if (row.filters) {
    auto& filters = out.filter_criteria.emplace().filters.emplace();
    for (const std::string& pattern : *row.filters) filters.push_back({pattern});
  }
  if (row.metrics) out.metrics_config.emplace().metrics = row.metrics;
  out.event_source_mapping_arn = mapping_arn(id);
  co_return out;
}

// What no source that is there has.
template <class Request>
wire::Result<void> refuse_others(const Request& request) {
  return refuse_each({{"ScalingConfig", &request.scaling_config},
                      {"SourceAccessConfigurations", &request.source_access_configurations},
                      {"AmazonManagedKafkaEventSourceConfig", &request.amazon_managed_kafka},
                      {"SelfManagedKafkaEventSourceConfig", &request.self_managed_kafka},
                      {"DocumentDBEventSourceConfig", &request.document_db},
                      {"LoggingConfig", &request.logging_config},
                      {"ProvisionedPollerConfig", &request.provisioned_poller_config}},
                     request.kms_key_arn);
}

wire::Result<void> check_destinations(const DestinationConfig& config) {
  const auto named = [](const auto& side) {
    return side && side->destination && !side->destination->empty();
  };
  if (named(config.on_success))
    return refused("Unsupported DestinationConfig parameter for given event source mapping type.");
  if (!named(config.on_failure)) return {};
  const std::optional<base::Arn> arn = base::Arn::parse(*config.on_failure->destination);
  if (!arn || (arn->service != "sqs" && arn->service != "sns" && arn->service != "s3"))
    return refused("The provided destination config DestinationConfig is invalid.");
  return wire::not_supported(fmt::format("A destination of {}", arn->service));
}

wire::Result<std::optional<std::vector<std::string>>> checked_filters(
    const FilterCriteria& criteria) {
  if (!criteria.filters || criteria.filters->empty()) return std::nullopt;
  if (criteria.filters->size() > kMaxFilters)
    return refused(fmt::format("FilterCriteria has more than {} filters.", kMaxFilters));
  std::vector<std::string> out;
  for (const Filter& filter : *criteria.filters) {
    // An empty filter wants everything.
    std::string pattern = filter.pattern.value_or("");
    if (pattern.empty()) pattern = "{}";
    if (!patterns::EventPattern::parse(pattern))
      return refused("Invalid filter pattern definition.");
    out.push_back(std::move(pattern));
  }
  return out;
}

// What create and update have in common, into the row.
template <class Request>
wire::Result<void> apply(MappingRow& row, const Request& request) {
  if (auto done = refuse_others(request); !done) return done;
  if (request.destination_config) {
    if (auto done = check_destinations(*request.destination_config); !done) return done;
  }
  if (request.metrics_config) row.metrics = request.metrics_config->metrics;
  const std::vector<std::string> metrics = row.metrics.value_or(std::vector<std::string>{});
  if (std::ranges::any_of(metrics, [](const std::string& each) { return each != "EventCount"; }))
    return refused("An event source mapping of a stream has the metric EventCount only.");
  if (request.filter_criteria) {
    auto filters = checked_filters(*request.filter_criteria);
    if (!filters) return std::unexpected(filters.error());
    row.filters = std::move(*filters);
  }
  if (const auto age = request.maximum_record_age_in_seconds) {
    if (*age >= 0 && *age < kLeastMaxAge)
      return refused(fmt::format(
          "MaximumRecordAgeInSeconds is -1 or between {} and 604800 seconds.", kLeastMaxAge));
    row.max_age_seconds = *age;
  }
  if (request.enabled) row.enabled = *request.enabled;
  if (request.batch_size) row.batch_size = *request.batch_size;
  if (request.maximum_batching_window_in_seconds)
    row.window_seconds = *request.maximum_batching_window_in_seconds;
  if (request.parallelization_factor) row.factor = *request.parallelization_factor;
  if (request.tumbling_window_in_seconds)
    row.tumbling_seconds = *request.tumbling_window_in_seconds;
  if (request.maximum_retry_attempts) row.retries = *request.maximum_retry_attempts;
  if (request.bisect_batch_on_function_error) row.bisect = *request.bisect_batch_on_function_error;
  if (request.function_response_types)
    row.report_failures = !request.function_response_types->empty();
  return {};
}

wire::Result<void> check_source(const EventSources& sources,
                                const CreateEventSourceMappingRequest& request) {
  if (request.topics || request.queues || request.self_managed_event_source)
    return wire::not_supported("An event source of Kafka or MQ");
  if (!request.event_source_arn) return refused("Unrecognized event source.");
  const std::string& arn = *request.event_source_arn;
  if (!sources.source().owns(arn)) {
    const std::optional<base::Arn> parsed = base::Arn::parse(arn);
    constexpr std::string_view kOthers[] = {"sqs", "kinesis", "kafka", "mq", "rds"};
    if (parsed && std::ranges::find(kOthers, parsed->service) != std::end(kOthers))
      return wire::not_supported(fmt::format("An event source of {}", parsed->service));
    return refused(
        "Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported source "
        "arn " +
        arn);
  }
  if (!request.starting_position)
    return refused(
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
        "constraint: Member must not be null.");
  if (*request.starting_position == "AT_TIMESTAMP" || request.starting_position_timestamp)
    return refused("Unsupported starting position for arn type: " + arn);
  return {};
}

base::Task<wire::Result<void>> check_function(store::Transaction& transaction,
                                              const base::Scope& scope, const Target& target) {
  auto resolved = co_await resolve(transaction, scope, target);
  if (resolved) co_return wire::Result<void>{};
  if (resolved.error().spec == &kResourceNotFound) co_return refused("Function does not exist");
  co_return std::unexpected(resolved.error());
}

// One function and one source go together once.
base::Task<wire::Result<void>> check_single(store::Transaction& transaction, const MappingId& id,
                                            const MappingRow& mapping) {
  const std::string prefix = mappings_prefix(id.scope);
  std::optional<std::string> marker;
  do {
    auto page = co_await read_page(transaction, prefix, marker, 1000);
    if (!page) co_return std::unexpected(page.error());
    for (const store::KeyValue& entry : page->rows) {
      auto row = wire::from_row<MappingRow>(entry.value);
      if (!row) co_return std::unexpected(row.error());
      const std::string uuid = read_name(prefix, entry.key).value_or("");
      if (uuid == id.uuid || row->source != mapping.source || row->function != mapping.function)
        continue;
      co_return wire::fail(
          kResourceConflict,
          fmt::format("The event source arn (\" {} \") and function (\" {} \") provided mapping "
                      "already exists. Please update or delete the existing mapping with UUID {}",
                      row->source, row->function, uuid));
    }
    marker = std::move(page->next_marker);
  } while (marker);
  co_return wire::Result<void>{};
}

// LATEST: from behind what each shard has now. Everywhere else a shard is read from its beginning.
base::Task<wire::Result<std::map<std::string, ProgressRow>>> first_positions(
    const EventSources& sources, base::Scope scope, const MappingRow& mapping) {
  std::map<std::string, ProgressRow> out;
  auto shards = co_await sources.source().shards(scope, mapping.source);
  if (!shards) {
    if (shards.error().spec->status < 500) co_return refused("Stream not found: " + mapping.source);
    co_return std::unexpected(shards.error());
  }
  if (mapping.starting_position != "LATEST") co_return out;
  for (const ports::SourceShard& shard : *shards) {
    auto position =
        co_await sources.source().position(scope, mapping.source, shard.id, ports::StartAt::newest);
    if (!position) co_return std::unexpected(position.error());
    ProgressRow& row = out[shard.id];
    row.done = !*position;
    row.position = position->value_or("");
  }
  co_return out;
}

std::unexpected<wire::ApiError> in_use() {
  return wire::fail(kResourceInUse, "Cannot update the event source mapping because it is in use.");
}

}  // namespace

Answer<EventSourceMappingConfiguration> create_event_source_mapping(
    Lambda& lambda, const Context& context, CreateEventSourceMappingRequest request) {
  if (auto checked = check_source(lambda.event_sources, request); !checked)
    co_return std::unexpected(checked.error());
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  const MappingId id{context.scope, lambda.ids.uuid()};
  MappingRow row;
  row.function = target->name;
  row.qualifier = target->qualifier;
  row.source = *request.event_source_arn;
  row.starting_position = *request.starting_position;
  row.tags = request.tags.value_or(std::map<std::string, std::string>{});
  row.state = kCreating;
  row.modified_ms = base::epoch_ms(lambda.clock.now());
  if (auto applied = apply(row, request); !applied) co_return std::unexpected(applied.error());
  auto begin = co_await first_positions(lambda.event_sources, context.scope, row);
  if (!begin) co_return std::unexpected(begin.error());
  auto done = co_await store::transact(
      lambda.store,
      [&](store::Transaction& transaction)
          -> base::Task<wire::Result<EventSourceMappingConfiguration>> {
        if (auto there = co_await check_function(transaction, context.scope, *target); !there)
          co_return std::unexpected(there.error());
        if (auto single = co_await check_single(transaction, id, row); !single)
          co_return std::unexpected(single.error());
        transaction.put(mapping_key(id), wire::to_row(row));
        for (const auto& [shard, progress] : *begin) {
          for (std::int32_t lane = 0; lane < row.factor; ++lane)
            transaction.put(progress_key(id.uuid, shard, lane), wire::to_row(progress));
        }
        co_return co_await shown(transaction, id, row);
      });
  if (done) lambda.event_sources.touch(id);
  co_return done;
}

Answer<EventSourceMappingConfiguration> update_event_source_mapping(
    Lambda& lambda, const Context& context, UpdateEventSourceMappingRequest request) {
  const MappingId id{context.scope, request.uuid};
  std::optional<Target> target;
  if (request.function_name) {
    auto named = resolve_target(context.scope, *request.function_name);
    if (!named) co_return std::unexpected(named.error());
    target = std::move(*named);
  }
  auto done = co_await store::transact(
      lambda.store,
      [&](store::Transaction& transaction)
          -> base::Task<wire::Result<EventSourceMappingConfiguration>> {
        auto row = co_await need_mapping(transaction, id);
        if (!row) co_return std::unexpected(row.error());
        if (row->state == kDeleting) co_return in_use();
        const bool was_enabled = row->enabled;
        if (auto applied = apply(*row, request); !applied)
          co_return std::unexpected(applied.error());
        if (target) {
          if (auto there = co_await check_function(transaction, context.scope, *target); !there)
            co_return std::unexpected(there.error());
          row->function = target->name;
          row->qualifier = target->qualifier;
          if (auto single = co_await check_single(transaction, id, *row); !single)
            co_return std::unexpected(single.error());
        }
        ++row->revision;
        row->modified_ms = base::epoch_ms(lambda.clock.now());
        row->state = was_enabled == row->enabled ? kUpdating
                     : row->enabled              ? kEnabling
                                                 : kDisabling;
        transaction.put(mapping_key(id), wire::to_row(*row));
        co_return co_await shown(transaction, id, *row);
      });
  if (done) lambda.event_sources.touch(id);
  co_return done;
}

Answer<EventSourceMappingConfiguration> get_event_source_mapping(
    Lambda& lambda, const Context& context, GetEventSourceMappingRequest request) {
  const MappingId id{context.scope, request.uuid};
  const auto transaction = lambda.store.begin();
  auto row = co_await need_mapping(*transaction, id);
  if (!row) co_return std::unexpected(row.error());
  co_return co_await shown(*transaction, id, *row);
}

Answer<EventSourceMappingConfiguration> delete_event_source_mapping(
    Lambda& lambda, const Context& context, DeleteEventSourceMappingRequest request) {
  const MappingId id{context.scope, request.uuid};
  auto done =
      co_await store::transact(lambda.store,
                               [&](store::Transaction& transaction)
                                   -> base::Task<wire::Result<EventSourceMappingConfiguration>> {
                                 auto row = co_await need_mapping(transaction, id);
                                 if (!row) co_return std::unexpected(row.error());
                                 if (row->state == kDeleting) co_return in_use();
                                 ++row->revision;
                                 row->state = kDeleting;
                                 transaction.put(mapping_key(id), wire::to_row(*row));
                                 co_return co_await shown(transaction, id, *row);
                               });
  if (done) lambda.event_sources.touch(id);
  co_return done;
}

Answer<ListEventSourceMappingsResponse> list_event_source_mappings(
    Lambda& lambda, const Context& context, ListEventSourceMappingsRequest request) {
  std::optional<Target> target;
  if (request.function_name) {
    auto named = resolve_target(context.scope, *request.function_name);
    if (!named) co_return std::unexpected(named.error());
    target = std::move(*named);
  }
  constexpr std::int32_t kMostAtOnce = 100;
  const auto wanted =
      static_cast<std::size_t>(std::min(request.max_items.value_or(kMostAtOnce), kMostAtOnce));
  const auto transaction = lambda.store.begin();
  const std::string prefix = mappings_prefix(context.scope);
  ListEventSourceMappingsResponse response;
  std::optional<std::string> marker = std::move(request.marker);
  do {
    auto page = co_await read_page(*transaction, prefix, std::move(marker),
                                   wanted - response.event_source_mappings.size());
    if (!page) co_return std::unexpected(page.error());
    for (const store::KeyValue& entry : page->rows) {
      auto row = wire::from_row<MappingRow>(entry.value);
      if (!row) co_return std::unexpected(row.error());
      if (request.event_source_arn && row->source != *request.event_source_arn) continue;
      if (target && (row->function != target->name ||
                     (!target->qualifier.empty() && row->qualifier != target->qualifier)))
        continue;
      const MappingId id{context.scope, read_name(prefix, entry.key).value_or("")};
      auto configuration = co_await shown(*transaction, id, *row);
      if (!configuration) co_return std::unexpected(configuration.error());
      response.event_source_mappings.push_back(std::move(*configuration));
    }
    marker = std::move(page->next_marker);
  } while (marker && response.event_source_mappings.size() < wanted);
  response.next_marker = std::move(marker);
  co_return response;
}

}  // namespace mayfly::lambda
