// What CreateFunction and UpdateFunctionCode share: taking a package, publishing, and the checks
// before an update.
#include <fmt/format.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/strings.h"
#include "services/lambda/model/layers.h"
#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

// AWS counts the whole request; a zip of 50 MB is this in base64.
constexpr std::size_t kMaxZipBytes = 52'428'800;

std::unexpected<wire::ApiError> unzip_failed(const ZipError& error, std::uint64_t limit) {
  switch (error.fault) {
    case ZipFault::unreadable:
      return wire::fail(
          kInvalidParameterValue,
          "Could not unzip uploaded file. Please check your file, then try to upload again.");
    case ZipFault::empty:
      return wire::fail(kInvalidParameterValue, "Uploaded file must be a non-empty zip");
    case ZipFault::too_large:
      return wire::fail(kInvalidParameterValue,
                        fmt::format("Unzipped size must be smaller than {} bytes", limit));
    case ZipFault::io:
      break;
  }
  return wire::fail(kService, "The code package could not be stored.");
}

base::Task<wire::Result<TakenCode>> take_image(Lambda& lambda, std::string uri,
                                               std::string architecture, Keep keep) {
  const auto refused = [&uri](const std::string& what) {
    return wire::fail(kInvalidParameterValue,
                      fmt::format("Source image {} {}. Provide a valid source image.", uri, what));
  };
  auto reference = parse_image_reference(uri);
  if (!reference) co_return refused("is not valid");
  auto put = co_await lambda.code.put_image(lambda.options.images_folder, std::move(*reference),
                                            std::move(architecture));
  if (!put) {
    base::log_info("the image {} was refused: {}", uri, put.error().detail);
    switch (put.error().fault) {
      case ImageFault::absent:
        co_return refused(fmt::format("does not exist: {}", put.error().detail));
      case ImageFault::unusable:
      case ImageFault::too_large:
        co_return refused(fmt::format("is not supported: {}", put.error().detail));
      case ImageFault::io:
        co_return wire::fail(kService, "The image could not be stored.");
    }
  }
  if (keep == Keep::no) {
    // Unless a function has it already.
    put->package.pin.reset();
    if (auto removed = co_await lambda.collector.collect(put->package.sha256); !removed)
      co_return std::unexpected(removed.error());
  }
  ImageSettings& settings = put->settings;
  co_return TakenCode{
      std::move(put->package),
      ImageRow{std::move(uri), std::move(settings.entrypoint), std::move(settings.command),
               std::move(settings.variables), std::move(settings.working_folder)}};
}

}  // namespace

void use(VersionRow& row, const TakenCode& code) {
  row.code_sha256 = code.package.sha256;
  row.code_size = code.package.size;
  row.unpacked_size = code.package.unpacked_size;
  row.hot_folder = code.package.hot_folder;
  row.image = code.image;
}

base::Task<wire::Result<TakenCode>> take_code(Lambda& lambda, CodeSource source,
                                              std::string_view operation, Keep keep) {
  if (source.image_uri) {
    co_return co_await take_image(lambda, std::move(*source.image_uri),
                                  std::move(source.architecture), keep);
  }
  if (source.s3_bucket == kHotBucket && lambda.options.hot_reload == HotReload::allowed) {
    auto folder = check_hot_folder(source.s3_key.value_or(""));
    if (!folder) co_return std::unexpected(folder.error());
    CodePackage package;
    base::Sha256 digest;
    digest.update("hot-reload " + *folder);
    package.sha256 = digest.hex();
    package.hot_folder = std::move(*folder);
    co_return TakenCode{std::move(package), std::nullopt};
  }
  if (source.s3_bucket == kHotBucket)
    co_return wire::not_supported("Code.S3Bucket hot-reload (in this profile)");
  if (source.s3_bucket || source.s3_key)
    co_return wire::not_supported(
        "Code.S3Bucket (there is no S3 yet; give the package as Code.ZipFile)");
  if (!source.zip_file) {
    co_return wire::fail(kInvalidParameterValue,
                         "Please provide a source for the function's code.");
  }
  if (source.zip_file->bytes.empty()) {
    co_return wire::fail(kInvalidParameterValue, "Uploaded file must be a non-empty zip");
  }
  if (source.zip_file->bytes.size() > kMaxZipBytes) {
    co_return wire::fail(
        kRequestEntityTooLarge,
        fmt::format("Request must be smaller than 70167211 bytes for the {} operation", operation));
  }
  std::string zip = std::move(source.zip_file->bytes);
  auto package = keep == Keep::yes ? co_await lambda.code.put(std::move(zip))
                                   : co_await lambda.code.check(std::move(zip));
  if (!package) {
    base::log_info("a code package was refused: {}", package.error().detail);
    co_return unzip_failed(package.error(), lambda.options.zip.unpacked_bytes);
  }
  co_return TakenCode{std::move(*package), std::nullopt};
}

base::Task<wire::Result<Published>> publish(store::Transaction& transaction, Lambda& lambda,
                                            base::Scope scope, std::string name,
                                            FunctionRow function, VersionRow latest,
                                            std::optional<std::string> description) {
  store::RangeQuery query{.begin = version_key(scope, name, kLatestNumber + 1),
                          .end = store::prefix_end(table_prefix(Table::versions, scope, name)),
                          .direction = store::Direction::reverse,
                          .limit = 1};
  auto last = co_await transaction.range(std::move(query));
  if (!last) co_return failed(last.error());
  if (!last->rows.empty()) {
    const std::optional<NamedVersion> key = read_version_key(scope, last->rows.front().key);
    auto row = wire::from_row<VersionRow>(last->rows.front().value);
    if (!row) co_return std::unexpected(row.error());
    if (key && row->build == latest.build)
      co_return Published{key->version, std::move(*row), false};
  }
  const std::uint64_t number = static_cast<std::uint64_t>(function.next_version++);
  transaction.put(function_key(scope, name), wire::to_row(std::move(function)));
  VersionRow row = std::move(latest);
  if (description) row.description = std::move(*description);
  row.revision_id = lambda.ids.uuid();
  row.last_modified = base::iso8601_lambda(lambda.clock.now());
  row.state = kPending;
  row.update_status.clear();
  const VersionId id{scope, name, number};
  transaction.put(version_key(scope, name, number), wire::to_row(row));
  lambda.collector.track(transaction, id, nullptr, &row);
  Lifecycle::mark(transaction, id);
  co_return Published{number, std::move(row), true};
}

base::Task<wire::Result<void>> place_layers(Lambda& lambda, store::Transaction& transaction,
                                            base::Scope scope,
                                            std::optional<std::vector<std::string>> layers,
                                            VersionRow& row) {
  if (layers) {
    auto uses = co_await resolve_layers(transaction, scope, std::move(*layers));
    if (!uses) co_return std::unexpected(uses.error());
    row.layers = std::move(*uses);
  }
  co_return check_unpacked_size(row, lambda.options.zip.unpacked_bytes);
}

wire::Result<void> check_settled(const base::Scope& scope, const std::string& name,
                                 const VersionRow& row) {
  if (row.state == kPending) {
    return wire::fail(kResourceConflict,
                      "The operation cannot be performed at this time. The function is currently "
                      "in the following "
                      "state: Pending");
  }
  if (row.update_status == kInProgress) {
    return wire::fail(
        kResourceConflict,
        fmt::format("The operation cannot be performed at this time. An update is in progress for "
                    "resource: {}",
                    function_arn(scope, name)));
  }
  return {};
}

wire::Result<void> check_revision(const std::optional<std::string>& given,
                                  const std::string& current) {
  if (!given || *given == current) return {};
  return wire::fail(kPreconditionFailed,
                    "The Revision Id provided does not match the latest Revision Id. Call the "
                    "GetFunction/GetAlias API to retrieve the latest Revision Id");
}

}  // namespace mayfly::lambda
