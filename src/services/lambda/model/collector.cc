#include "services/lambda/model/collector.h"

#include <set>

#include "base/log.h"
#include "services/lambda/model/rows.h"

namespace mayfly::lambda {

namespace {

constexpr std::string_view kKind = "lambda.code";  // stored
constexpr std::chrono::minutes kMargin{5};

std::set<std::string> packages_of(const VersionRow* row) {
  std::set<std::string> packages;
  if (row == nullptr) return packages;
  packages.insert(row->code_sha256);
  for (const LayerUse& layer : row->layers) packages.insert(layer.sha256);
  return packages;
}

}  // namespace

void Collector::track(store::Transaction& transaction, const VersionId& id,
                      const VersionRow* before, const VersionRow* after) {
  const std::set<std::string> old = packages_of(before), now = packages_of(after);
  for (const std::string& sha256 : old) {
    if (now.contains(sha256)) continue;
    transaction.erase(code_user_key(sha256, id));
    ask(transaction, sha256, std::chrono::seconds{before->timeout});
  }
  for (const std::string& sha256 : now) {
    if (!old.contains(sha256)) transaction.put(code_user_key(sha256, id), "");
  }
}

void Collector::ask(store::Transaction& transaction, const std::string& sha256,
                    std::chrono::seconds timeout) {
  work::enqueue(transaction, {.kind = std::string(kKind),
                              .scope = {},
                              .payload = sha256,
                              .not_before = clock_.now() + timeout + kMargin,
                              .id = sha256});
}

void Collector::attach(work::WorkQueue& queue) {
  queue.handle(std::string(kKind), 1, [this](work::Work work) -> base::Task<work::WorkOutcome> {
    auto collected = co_await collect(work.payload);
    if (!collected) co_return work::WorkOutcome::retry_at(clock_.now() + std::chrono::minutes{1});
    co_return work::WorkOutcome::done();
  });
}

base::Task<wire::Result<bool>> Collector::collect(std::string sha256) {
  if (!code_.begin_removal(sha256)) co_return false;  // somebody is about to use it
  const std::string prefix = code_users_prefix(sha256);
  std::unique_ptr<store::Transaction> transaction = store_.begin();
  store::RangeQuery query{.begin = prefix, .end = store::prefix_end(prefix), .limit = 1};
  auto users = co_await transaction->range(std::move(query));
  if (!users || !users->rows.empty()) {
    code_.cancel_removal(sha256);
    if (!users) co_return failed(users.error());
    co_return false;
  }
  co_return co_await code_.finish_removal(std::move(sha256));
}

base::Task<wire::Result<void>> Collector::sweep() {
  std::vector<std::string> packages = co_await code_.list();
  for (std::string& sha256 : packages) {
    auto collected = co_await collect(sha256);
    if (!collected) co_return std::unexpected(collected.error());
    if (*collected) base::log_info("removed the code package {}, which no function uses", sha256);
  }
  co_return wire::Result<void>{};
}

}  // namespace mayfly::lambda
