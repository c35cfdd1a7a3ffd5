#include "cli/arguments_loop.h"

#include <utility>

namespace mayfly::cli {

void LoopArguments::add(CLI::App& app) {
  top_app_ = app.add_subcommand("top", "Watch functions run: rates, latencies, environments");
  top_app_->add_flag("--once", once_, "Print one reading as text, as where there is no terminal");
  top_app_->add_option("-i,--interval", interval_s_, "Seconds between two readings")
      ->check(CLI::Range(0.01, 3600.0))
      ->type_name("SECONDS")
      ->capture_default_str();
  top_app_->footer(
      "EV/S is of the last interval, P50 and P99 of the last ten, ERR and COLD since the daemon\n"
      "started; IDLE is idle environments + spares; MB is what all of them and the template are\n"
      "taken to hold; CPU% is of all processors.\n\n"
      "Keys: q quits, s and left/right choose the column to sort by, r reverses, up/down scroll.\n"
      "For Prometheus: GET /_mayfly/metrics (docs/metrics.md).");

  dev_app_ = app.add_subcommand("dev", "Work on a function: edits are live at the next event");
  dev_app_->add_option("FOLDER", dev_.folder, "With the function's code")->required();
  dev_app_->add_option("-n,--name", dev_.name, "Of the function [the folder's name]")
      ->type_name("NAME");
  dev_app_->add_option("--handler", dev_.handler, "[app.lambda_handler, index.handler, ...]")
      ->type_name("HANDLER");
  dev_app_->add_option("--runtime", dev_.runtime, "python3.11, nodejs20.x, ... [the newest]")
      ->type_name("NAME");
  dev_app_->footer(
      "The folder itself is the code, read-only: nothing is packed or uploaded. A file named\n"
      ".mayfly is made in it, which says that functions may have it. Files have to be readable\n"
      "by everybody, as functions run as users of their own. Shows the log and each change until\n"
      "it is interrupted; the function stays.\n\n"
      "Examples:\n"
      "  mayfly dev .\n"
      "  mayfly dev services/orders --name orders --handler api.handle --runtime python3.11\n\n"
      "Deploy tools: Code={S3Bucket: hot-reload, S3Key: /absolute/folder} (docs/development.md).");
}

std::optional<LoopCommand> LoopArguments::take() {
  if (top_app_->parsed()) {
    top_.show = once_ ? TopCommand::Show::once : TopCommand::Show::live;
    top_.interval = std::chrono::milliseconds(static_cast<std::int64_t>(interval_s_ * 1000));
    return std::move(top_);
  }
  if (dev_app_->parsed()) return std::move(dev_);
  return std::nullopt;
}

}  // namespace mayfly::cli
