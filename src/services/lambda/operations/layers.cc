#include "services/lambda/model/layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::int32_t kMaxItems = 50;

// Runtimes and architectures that a listing asks for.
struct LayerFilter {
  std::optional<std::string> runtime, architecture;
  bool passes(const LayerVersionRow& row) const {
    // A layer that names none goes with all.
    const auto has = [](const std::vector<std::string>& all, const std::string& one) {
      return std::ranges::find(all, one) != all.end();
    };
    return (!runtime || has(row.runtimes, *runtime)) &&
           (!architecture || row.architectures.empty() || has(row.architectures, *architecture));
  }
};

std::optional<std::vector<std::string>> unless_empty(std::vector<std::string> list) {
  if (list.empty()) return std::nullopt;
  return list;
}

LayerVersionsListItem listed(const LayerName& layer, std::uint64_t version,
                             const LayerVersionRow& row) {
  LayerVersionsListItem out;
  out.layer_version_arn = layer_version_arn(layer, version);
  out.version = static_cast<std::int64_t>(version);
  if (!row.description.empty()) out.description = row.description;
  out.created_date = row.created;
  out.compatible_runtimes = unless_empty(row.runtimes);
  out.compatible_architectures = unless_empty(row.architectures);
  if (!row.license.empty()) out.license_info = row.license;
  return out;
}

base::Task<wire::Result<PublishLayerVersionResponse>> shown(Lambda& lambda, std::string origin,
                                                            LayerName layer, std::uint64_t version,
                                                            LayerVersionRow row) {
  auto url = co_await lambda.code_urls.url(std::move(origin), row.sha256);
  if (!url) co_return std::unexpected(url.error());
  PublishLayerVersionResponse out;
  out.content.emplace();
  out.content->location = std::move(*url);
  out.content->code_sha256 = sha256_as_base64(row.sha256);
  out.content->code_size = row.size;
  out.layer_arn = layer_arn(layer);
  out.layer_version_arn = layer_version_arn(layer, version);
  out.description = row.description;
  out.created_date = row.created;
  out.version = static_cast<std::int64_t>(version);
  out.compatible_runtimes = unless_empty(std::move(row.runtimes));
  out.compatible_architectures = unless_empty(std::move(row.architectures));
  if (!row.license.empty()) out.license_info = row.license;
  co_return out;
}

// Only who owns a layer may change it.
wire::Result<LayerName> own_layer(const base::Scope& caller, const std::string& text,
                                  std::string_view action) {
  auto layer = parse_layer_name(caller, text);
  if (layer && layer->scope.account != caller.account) {
    return wire::fail(
        kAccessDenied,
        fmt::format("User: arn:aws:iam::{}:root is not authorized to perform: lambda:{} on "
                    "resource: {}",
                    caller.account, action, layer_arn(*layer)));
  }
  return layer;
}

wire::Result<void> check_number(std::int64_t version) {
  if (version >= 1) return {};
  return wire::fail(kInvalidParameterValue, "Layer Version Cannot be less than 1.");
}

base::Task<wire::Result<PublishLayerVersionResponse>> get_one(Lambda& lambda,
                                                              const Context& context,
                                                              LayerName layer,
                                                              std::uint64_t version) {
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto row = co_await find_layer_version(*transaction, context.scope, layer, version);
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return wire::fail(kResourceNotFound, "The resource you requested does not exist.");
  transaction.reset();
  co_return co_await shown(lambda, origin_of(context.http), std::move(layer), version,
                           std::move(**row));
}

// Versions that pass, newest first, from below `before` on.
struct Versions {
  std::vector<LayerVersionsListItem> items;
  std::optional<std::uint64_t> last;  // where more follow: the last one shown
};
base::Task<wire::Result<Versions>> newest_first(store::Transaction& transaction, LayerName layer,
                                                LayerFilter filter,
                                                std::optional<std::uint64_t> before,
                                                std::size_t limit) {
  const std::string prefix = table_prefix(Table::layer_versions, layer.scope, layer.name);
  std::string end =
      before ? layer_version_key(layer.scope, layer.name, *before) : store::prefix_end(prefix);
  Versions out;
  std::uint64_t last = 0;
  while (true) {
    store::RangeQuery query{.begin = prefix, .end = end, .direction = store::Direction::reverse};
    auto rows = co_await transaction.range(std::move(query));
    if (!rows) co_return failed(rows.error());
    for (const store::KeyValue& entry : rows->rows) {
      const auto key = read_version_key(layer.scope, entry.key, Table::layer_versions);
      auto row = wire::from_row<LayerVersionRow>(entry.value);
      if (!key || !row) co_return wire::fail(kService, "A stored layer cannot be read.");
      end = entry.key;
      if (!filter.passes(*row)) continue;
      if (out.items.size() == limit) {
        out.last = last;
        co_return out;
      }
      out.items.push_back(listed(layer, key->version, *row));
      last = key->version;
    }
    if (!rows->more) co_return out;
  }
}

}  // namespace

Answer<PublishLayerVersionResponse> publish_layer_version(Lambda& lambda, const Context& context,
                                                          PublishLayerVersionRequest request) {
  auto layer = own_layer(context.scope, request.layer_name, "PublishLayerVersion");
  if (!layer) co_return std::unexpected(layer.error());
  if (request.content.s3_bucket || request.content.s3_key)
    co_return wire::not_supported(
        "Content.S3Bucket (there is no S3 yet; give the package as Content.ZipFile)");
  CodeSource source;
  source.zip_file = std::move(request.content.zip_file);
  auto taken = co_await take_code(lambda, std::move(source), "PublishLayerVersion", Keep::yes);
  if (!taken) co_return std::unexpected(taken.error());
  LayerVersionRow row;
  row.description = request.description.value_or("");
  row.license = request.license_info.value_or("");
  row.created = base::iso8601_lambda(lambda.clock.now());
  row.sha256 = taken->package.sha256;
  row.size = taken->package.size;
  row.unpacked_size = taken->package.unpacked_size;
  if (request.compatible_runtimes) row.runtimes = std::move(*request.compatible_runtimes);
  if (request.compatible_architectures)
    row.architectures = std::move(*request.compatible_architectures);
  auto version = co_await store::transact(
      lambda.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<std::uint64_t>> {
        auto found = co_await find_row<LayerRow>(transaction, layer_key(layer->scope, layer->name));
        if (!found) co_return std::unexpected(found.error());
        LayerRow all = std::move(*found).value_or(LayerRow{});
        const auto number = static_cast<std::uint64_t>(all.next_version++);
        transaction.put(layer_key(layer->scope, layer->name), wire::to_row(std::move(all)));
        transaction.put(layer_version_key(layer->scope, layer->name, number), wire::to_row(row));
        transaction.put(code_user_key(row.sha256, layer_user(*layer, number)), "");
        co_return number;
      });
  if (!version) co_return std::unexpected(version.error());
  co_return co_await shown(lambda, origin_of(context.http), std::move(*layer), *version,
                           std::move(row));
}

Answer<GetLayerVersionResponse> get_layer_version(Lambda& lambda, const Context& context,
                                                  GetLayerVersionRequest request) {
  auto layer = parse_layer_name(context.scope, request.layer_name);
  if (!layer) co_return std::unexpected(layer.error());
  if (auto checked = check_number(request.version_number); !checked)
    co_return std::unexpected(checked.error());
  co_return co_await get_one(lambda, context, std::move(*layer),
                             static_cast<std::uint64_t>(request.version_number));
}

Answer<GetLayerVersionResponse> get_layer_version_by_arn(Lambda& lambda, const Context& context,
                                                         GetLayerVersionByArnRequest request) {
  auto name = parse_layer_version_arn(request.arn);
  if (!name) co_return wire::fail(kResourceNotFound, "The resource you requested does not exist.");
  co_return co_await get_one(lambda, context, std::move(name->layer), name->version);
}

Answer<ListLayersResponse> list_layers(Lambda& lambda, const Context& context,
                                       ListLayersRequest request) {
  const LayerFilter filter{request.compatible_runtime, request.compatible_architecture};
  const std::string prefix = table_prefix(Table::layers, context.scope);
  const auto limit = static_cast<std::size_t>(request.max_items.value_or(kMaxItems));
  ListLayersResponse response;
  response.layers.emplace();
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  std::optional<std::string> marker = std::move(request.marker);
  while (true) {
    auto page = co_await read_page(*transaction, prefix, marker, limit);
    if (!page) co_return std::unexpected(page.error());
    for (std::size_t i = 0; i < page->rows.size(); ++i) {
      const std::string& key = page->rows[i].key;
      const LayerName layer{context.scope, read_name(prefix, key).value_or("")};
      auto versions = co_await newest_first(*transaction, layer, filter, std::nullopt, 1);
      if (!versions) co_return std::unexpected(versions.error());
      if (versions->items.empty()) continue;  // all deleted, or none passes
      response.layers->push_back(
          {layer.name, layer_arn(layer), std::move(versions->items.front())});
      if (response.layers->size() == limit) {
        if (i + 1 < page->rows.size() || page->next_marker)
          response.next_marker = base::to_base64(key.substr(prefix.size()));
        co_return response;
      }
    }
    if (!page->next_marker) co_return response;
    marker = std::move(page->next_marker);
  }
}

Answer<ListLayerVersionsResponse> list_layer_versions(Lambda& lambda, const Context& context,
                                                      ListLayerVersionsRequest request) {
  auto layer = own_layer(context.scope, request.layer_name, "ListLayerVersions");
  if (!layer) co_return std::unexpected(layer.error());
  std::optional<std::uint64_t> before;
  if (request.marker && !request.marker->empty()) {
    before = version_number(*request.marker);
    if (!before) co_return wire::fail(kInvalidParameterValue, "Invalid Marker.");
  }
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto versions = co_await newest_first(
      *transaction, *layer, {request.compatible_runtime, request.compatible_architecture}, before,
      static_cast<std::size_t>(request.max_items.value_or(kMaxItems)));
  if (!versions) co_return std::unexpected(versions.error());
  ListLayerVersionsResponse response;
  response.layer_versions = std::move(versions->items);
  if (versions->last) response.next_marker = std::to_string(*versions->last);
  co_return response;
}

Answer<void> delete_layer_version(Lambda& lambda, const Context& context,
                                  DeleteLayerVersionRequest request) {
  auto layer = own_layer(context.scope, request.layer_name, "DeleteLayerVersion");
  if (!layer) co_return std::unexpected(layer.error());
  if (auto checked = check_number(request.version_number); !checked) co_return checked;
  const auto version = static_cast<std::uint64_t>(request.version_number);
  co_return co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string key = layer_version_key(layer->scope, layer->name, version);
        auto row = co_await find_row<LayerVersionRow>(transaction, key);
        if (!row) co_return std::unexpected(row.error());
        if (!*row) co_return wire::Result<void>{};  // AWS says yes to that too
        transaction.erase(key);
        transaction.erase(layer_policy_key(layer->scope, layer->name, version));
        // Functions that use it are users of its package themselves.
        transaction.erase(code_user_key((*row)->sha256, layer_user(*layer, version)));
        lambda.collector.ask(transaction, (*row)->sha256, std::chrono::seconds{0});
        co_return wire::Result<void>{};
      });
}

}  // namespace mayfly::lambda
