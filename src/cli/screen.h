// Screen: the whole terminal for as long as the object lives, by ANSI sequences that every terminal
// of today knows. One table that is drawn anew each second needs no library of windows.
//
// One at a time; the thread that made it uses it. The terminal is as before when it ends, by
// SIGTERM and SIGHUP too.
#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace mayfly::cli {

class Screen {
 public:
  // Whether standard input and output are a terminal.
  static bool possible();

  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  struct Size {
    std::size_t width = 80, height = 24;
  };
  static Size size();
  // `text` replaces all that is shown.
  static void draw(const std::string& text);
  struct Input {
    std::string key;       // one, with its escape sequence
    bool resized = false;  // draw again
    bool ended = false;    // asked to end
  };
  // Waits for a key, another size, or `timeout`.
  Input wait(std::chrono::milliseconds timeout);

 private:
  termios before_{};
  std::string unread_;
};

}  // namespace mayfly::cli
