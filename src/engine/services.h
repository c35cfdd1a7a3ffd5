// Services: what the engine was constructed with, passed to its parts. Outlives all of them.
#pragma once

#include "engine/engine.h"

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
};

}  // namespace mayfly::engine
