// Lambda: the API of functions. Start here.
//
// It keeps functions, versions, aliases and policies in the store and their code in files
// (model/code_store.h), and has events run by a FunctionRunner (the engine). `invoker` is what
// other services call; `code_urls` is an endpoint for the router. Life: construct; attach(queue);
// await start(); serve; await stop(). Threads: any.
#pragma once

#include <string>

#include "api/service.h"
#include "base/clock.h"
#include "base/ids.h"
#include "gateway/public_host.h"
#include "ports/metric_sink.h"
#include "ports/record_source.h"
#include "services/lambda/event_sources/event_sources.h"
#include "services/lambda/model/async_events.h"
#include "services/lambda/model/code_store.h"
#include "services/lambda/model/code_url.h"
#include "services/lambda/model/collector.h"
#include "services/lambda/model/configuration.h"
#include "services/lambda/model/hot_folders.h"
#include "services/lambda/model/invoker.h"
#include "services/lambda/model/lifecycle.h"
#include "services/lambda/model/provisioning.h"
#include "services/lambda/model/specs.h"

namespace mayfly::lambda {

// Whether functions may have a folder of this machine as their code (model/hot_folders.h).
enum class HotReload { refused, allowed };

struct Options {
  std::string data_folder;  // blobs/, code/ and tmp/ are made in it
  SettingLimits limits = {};
  std::int32_t account_concurrency = 1000;
  std::size_t failed_events = 100;       // of each function that are kept to be replayed
  std::chrono::seconds retry_pause{60};  // before the first retry of an asynchronous event
  int async_concurrency = 256;           // asynchronous events under way at a time
  ZipLimits zip = {};
  HotReload hot_reload = HotReload::refused;
  std::string images_folder = {};  // where container images are looked for
  // Where clients reach the daemon; a function's URL is below its host.
  std::string public_endpoint = "http://localhost:4566";
};

class Lambda {
 public:
  // All outlive it.
  struct Parts {
    store::Store& store;
    const base::Clock& clock;
    base::Ids& ids;
    FunctionRunner& runner;
    ports::CredentialIssuer& issuer;
    ports::MetricSink& metrics;
    ports::RecordSource& records;  // what event source mappings follow
    work::Alarm& alarm;            // its own
  };
  Lambda(Options options, Parts parts);

  // Before queue.start().
  void attach(work::WorkQueue& queue);
  // Takes up what an earlier process left: versions on their way to Active, code that nothing uses.
  base::Task<wire::Result<void>> start();
  // Before the engine is stopped: what it cuts off is no error of the function.
  void stopping();
  // After that: waits for versions on their way to Active.
  base::Task<void> stop();

  const Options options;
  store::Store& store;
  const base::Clock& clock;
  base::Ids& ids;
  FunctionRunner& runner;
  ports::MetricSink& metrics;
  const gateway::PublicHost public_host;
  CodeStore code;
  HotFolders hot_folders;
  Specs specs;
  Lifecycle lifecycle;
  Provisioning provisioning;
  FailedEvents failed_events;
  Invoker invoker;
  AsyncEvents async_events;
  work::Timers timers;
  EventSources event_sources;
  Collector collector;
  CodeUrls code_urls;
};

api::Service make_service(Lambda& lambda);

}  // namespace mayfly::lambda
