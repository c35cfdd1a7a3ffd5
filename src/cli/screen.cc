#include "cli/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace mayfly::cli {
namespace {

// Set by handlers.
volatile std::sig_atomic_t resized = 0;
volatile std::sig_atomic_t ended = 0;

void on_resize(int) { resized = 1; }
void on_end(int) { ended = 1; }

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;  // without SA_RESTART: poll() has to return
  ::sigaction(signal, &action, nullptr);
}

// How many bytes of `text` are one key.
std::size_t key_length(const std::string& text) {
  if (text.size() < 2 || text[0] != '\x1b' || (text[1] != '[' && text[1] != 'O')) return 1;
  std::size_t at = 2;
  while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
  return std::min(at + 1, text.size());
}

}  // namespace

bool Screen::possible() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }

Screen::Screen() {
  ::tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  resized = 0;
  ended = 0;
  handle(SIGWINCH, on_resize);
  handle(SIGTERM, on_end);
  handle(SIGHUP, on_end);
  write_all("\x1b[?1049h\x1b[?25l\x1b[2J");  // the other page, no cursor
}

Screen::~Screen() {
  write_all("\x1b[?25h\x1b[?1049l");
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  for (const int signal : {SIGWINCH, SIGTERM, SIGHUP}) handle(signal, SIG_DFL);
}

Screen::Size Screen::size() {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return {};
  return {window.ws_col, window.ws_row};
}

void Screen::draw(const std::string& text) { write_all("\x1b[H" + text + "\x1b[J"); }

Screen::Input Screen::wait(std::chrono::milliseconds timeout) {
  Input input;
  if (unread_.empty()) {
    pollfd readable{STDIN_FILENO, POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(timeout.count()));
    if (ready > 0) {
      char bytes[64];
      const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof(bytes));
      if (got > 0) unread_.assign(bytes, static_cast<std::size_t>(got));
      // The terminal is gone.
      if (got == 0 && (readable.revents & (POLLHUP | POLLERR)) != 0) ended = 1;
    }
  }
  if (!unread_.empty()) {
    const std::size_t length = key_length(unread_);
    input.key = unread_.substr(0, length);
    unread_.erase(0, length);
  }
  input.resized = std::exchange(resized, 0) != 0;
  input.ended = ended != 0;
  return input;
}

}  // namespace mayfly::cli
