#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

wire::Result<Target> latest_of(const base::Scope& scope, const std::string& text) {
  auto target = resolve_target(scope, text);
  if (!target) return target;
  if (!target->qualifier.empty() && target->qualifier != kLatest) {
    return wire::fail(kInvalidParameterValue,
                      "You can only change the $LATEST version of a function.");
  }
  return target;
}

struct Updated {
  VersionRow row;
  std::optional<Published> published;
};

// Changes $LATEST by `change`, after the checks that every update makes, and publishes it where
// asked.
template <class Change>
base::Task<wire::Result<Updated>> update_latest(Lambda& lambda, base::Scope scope, std::string name,
                                                std::optional<std::string> revision,
                                                std::optional<std::vector<std::string>> layers,
                                                bool with_version, Change change) {
  const VersionId id{scope, name, kLatestNumber};
  const std::string now = base::iso8601_lambda(lambda.clock.now());
  const std::string build = lambda.ids.uuid();
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Updated>> {
        auto function = co_await need_function(transaction, scope, name);
        if (!function) co_return std::unexpected(function.error());
        auto row = co_await need_version(transaction, scope, name, kLatestNumber);
        if (!row) co_return std::unexpected(row.error());
        if (auto settled = check_settled(scope, name, *row); !settled)
          co_return std::unexpected(settled.error());
        if (auto same = check_revision(revision, row->revision_id); !same)
          co_return std::unexpected(same.error());
        const VersionRow before = *row;
        if (wire::Result<void> changed = change(*row); !changed)
          co_return std::unexpected(changed.error());
        if (auto placed = co_await place_layers(lambda, transaction, scope, layers, *row); !placed)
          co_return std::unexpected(placed.error());
        row->last_modified = now;
        row->revision_id = lambda.ids.uuid();
        row->build = build;
        row->update_status = kInProgress;
        lambda.collector.track(transaction, id, &before, &*row);
        transaction.put(version_key(scope, name, kLatestNumber), wire::to_row(*row));
        Lifecycle::mark(transaction, id);
        Updated updated{*row, std::nullopt};
        if (with_version) {
          auto published =
              co_await publish(transaction, lambda, scope, name, *function, *row, std::nullopt);
          if (!published) co_return std::unexpected(published.error());
          updated.published = std::move(*published);
        }
        co_return updated;
      });
  if (!done) co_return done;
  if (done->published && done->published->is_new)
    lambda.lifecycle.begin({scope, name, done->published->version});
  lambda.lifecycle.begin(id);
  co_return done;
}

}  // namespace

Answer<FunctionConfiguration> update_function_code(Lambda& lambda, const Context& context,
                                                   UpdateFunctionCodeRequest request) {
  auto target = latest_of(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  const std::string name = target->name;
  const bool dry_run = request.dry_run.value_or(false);
  std::vector<std::string> architectures;
  {
    // Before the package is taken: nothing is kept for a function that is not there.
    std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
    auto function = co_await need_function(*transaction, context.scope, name);
    if (!function) co_return std::unexpected(function.error());
    if (auto trusted =
            co_await check_signature(*transaction, context.scope, function->code_signing);
        !trusted) {
      co_return std::unexpected(trusted.error());
    }
    auto row = co_await need_version(*transaction, context.scope, name, kLatestNumber);
    if (!row) co_return std::unexpected(row.error());
    if (auto same = check_revision(request.revision_id, row->revision_id); !same) {
      co_return std::unexpected(same.error());
    }
    if (row->image.has_value() != request.image_uri.has_value()) {
      co_return wire::fail(kInvalidParameterValue,
                           row->image ? "Please provide ImageUri when updating a function with "
                                        "packageType Image."
                                      : "Please don't provide ImageUri when updating a function "
                                        "with packageType Zip.");
    }
    architectures = request.architectures.value_or(row->architectures);
  }
  CodeSource source{std::move(request.zip_file), std::move(request.s3_bucket),
                    std::move(request.s3_key), std::move(request.image_uri), architectures.front()};
  auto code = co_await take_code(lambda, std::move(source), "UpdateFunctionCode",
                                 dry_run ? Keep::no : Keep::yes);
  if (!code) co_return std::unexpected(code.error());
  const auto change = [&](VersionRow& row) -> wire::Result<void> {
    use(row, *code);
    row.architectures = architectures;
    return {};
  };
  if (dry_run) {
    std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
    auto row = co_await need_version(*transaction, context.scope, name, kLatestNumber);
    if (!row) co_return std::unexpected(row.error());
    if (auto changed = change(*row); !changed) co_return std::unexpected(changed.error());
    co_return shown(context.scope, name, kLatestNumber, *row, "");
  }
  auto updated = co_await update_latest(lambda, context.scope, name, std::move(request.revision_id),
                                        std::nullopt, request.publish.value_or(false), change);
  if (!updated) co_return std::unexpected(updated.error());
  if (updated->published) {
    const std::uint64_t version = updated->published->version;
    co_return shown(context.scope, name, version, updated->published->row, version_text(version));
  }
  co_return shown(context.scope, name, kLatestNumber, updated->row, "");
}

Answer<FunctionConfiguration> update_function_configuration(
    Lambda& lambda, const Context& context, UpdateFunctionConfigurationRequest request) {
  auto target = latest_of(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  const std::string name = target->name;
  const auto change = [&](VersionRow& row) -> wire::Result<void> {
    if (request.role) row.role = *request.role;
    return apply_settings(row, request, name, lambda.options.limits);
  };
  auto updated = co_await update_latest(lambda, context.scope, name, request.revision_id,
                                        request.layers, false, change);
  if (!updated) co_return std::unexpected(updated.error());
  co_return shown(context.scope, name, kLatestNumber, updated->row, "");
}

}  // namespace mayfly::lambda
