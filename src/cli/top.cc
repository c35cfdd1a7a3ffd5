// mayfly top: the table of GET /_mayfly/top, drawn anew each second; or once, as text.
#include <fmt/format.h>

#include <thread>

#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "cli/top_view.h"

namespace mayfly::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeout = 5s;
constexpr std::size_t kTextWidth = 120;

std::string painted(const std::vector<TopView::Line>& lines) {
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += "\r\n";
    const auto kind = lines[i].kind;
    if (kind == TopView::Line::Kind::title) out += "\x1b[7m";
    if (kind == TopView::Line::Kind::problem) out += "\x1b[1;31m";
    out += lines[i].text;
    out += kind == TopView::Line::Kind::plain ? "\x1b[K" : "\x1b[K\x1b[0m";
  }
  return out;
}

int once(const TopCommand& command, ApiClient& client, TopView& view, Terminal& terminal) {
  for (int i = 0; i < 2; ++i) {
    if (i > 0) std::this_thread::sleep_for(command.interval);
    const auto answer = client.get("/_mayfly/top");
    if (!answer) {
      terminal.err << answer.error().text << '\n';
      return kFailed;
    }
    view.add(read_top(*answer));
  }
  for (const TopView::Line& line : view.lines(kTextWidth, 0)) terminal.out << line.text << '\n';
  return 0;
}

int live(const TopCommand& command, ApiClient& client, TopView& view) {
  Screen screen;
  for (;;) {
    const auto answer = client.get("/_mayfly/top");
    if (answer) {
      view.add(read_top(*answer));
    } else {
      view.set_problem(answer.error().text.substr(0, answer.error().text.find('\n')));
    }
    const auto next = std::chrono::steady_clock::now() + command.interval;
    for (auto now = next - command.interval; now < next; now = std::chrono::steady_clock::now()) {
      const Screen::Size size = Screen::size();
      Screen::draw(painted(view.lines(size.width, size.height)));
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - now) + 1ms;
      const Screen::Input input = screen.wait(left);
      if (input.ended) return 0;
      if (!input.key.empty() && !view.key(input.key, size.height)) return 0;
    }
  }
}

}  // namespace

int run_top(const TopCommand& command, const Target& target, Terminal& terminal) {
  ApiClient client(target, terminal.clock, kTimeout);
  TopView view(target.endpoint);
  const bool text = command.show == TopCommand::Show::once || !Screen::possible();
  return text ? once(command, client, view, terminal) : live(command, client, view);
}

}  // namespace mayfly::cli
