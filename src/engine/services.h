// Services: what the engine was constructed with, passed to its parts. Outlives all of them.
#pragma once

#include <memory>

#include "engine/engine.h"
#include "http/client.h"

namespace mayfly::engine {

struct Services {
  EngineOptions options;
  sandbox::Warden& warden;
  http::Io& io;
  http::Server& server;
  http::Handler endpoint;
  ports::LogSink& logs;
  ports::UsageSink& usage;
  base::Clock& clock;
  base::Ids& ids;
  std::shared_ptr<http::Client> client;  // to listeners of extensions
  http::EgressProxy* egress = nullptr;
};

}  // namespace mayfly::engine
