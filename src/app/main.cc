#include "app/platform.h"
#include "app/serve.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  return mayfly::cli::run_cli(argc, argv,
                              {.version = MAYFLY_VERSION,
                               .serve = mayfly::app::serve,
                               .dump_api = mayfly::app::describe_api,
                               .compatibility = mayfly::app::describe_compatibility});
}
