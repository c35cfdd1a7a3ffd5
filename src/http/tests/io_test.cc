#include "http/io.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <semaphore>

#include "base/spawn.h"

namespace mayfly::http {
namespace {

using namespace std::chrono_literals;

class IoTest : public ::testing::Test {
 protected:
  IoTest() { io_.start(); }

  // Runs `work` on the loop and waits for it.
  void on_loop(std::function<void()> work) {
    std::binary_semaphore done{0};
    loop_.post([&] {
      work();
      done.release();
    });
    done.acquire();
  }

  Io io_{1};
  Loop& loop_ = io_.loop(0);
};

struct Pair {
  Pair() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  }
  ~Pair() {
    for (const int fd : fds) {
      if (fd >= 0) ::close(fd);
    }
  }
  int fds[2] = {-1, -1};
};

TEST_F(IoTest, LoopIsTheCurrentExecutorOfItsThread) {
  base::Executor* seen = nullptr;
  on_loop([&] { seen = base::Executor::current(); });
  EXPECT_EQ(seen, &loop_);
  EXPECT_EQ(base::Executor::current(), nullptr);
}

TEST_F(IoTest, ReadableIsLevelTriggered) {
  Pair pair;
  std::binary_semaphore all{0};
  std::string got;
  ASSERT_EQ(::write(pair.fds[1], "abc", 3), 3);
  auto token = loop_.watch_readable(pair.fds[0], [&] {
    char byte = 0;  // takes one byte a call, so it has to be called again for the rest
    if (::read(pair.fds[0], &byte, 1) == 1) got += byte;
    if (got.size() == 3) all.release();
  });
  all.acquire();
  EXPECT_EQ(got, "abc");
  on_loop([&] { token.reset(); });
}

TEST_F(IoTest, ReadableReportsAHangUp) {
  Pair pair;
  std::binary_semaphore ended{0};
  std::unique_ptr<Loop::Token> token;
  on_loop([&] {
    token = loop_.watch_readable(pair.fds[0], [&] {
      char byte = 0;
      EXPECT_EQ(::read(pair.fds[0], &byte, 1), 0);
      token.reset();  // from inside its own callback
      ended.release();
    });
  });
  ::close(std::exchange(pair.fds[1], -1));
  ended.acquire();
}

TEST_F(IoTest, WritableAndReadableOfOneDescriptorTogether) {
  Pair pair;
  std::binary_semaphore writable{0};
  std::binary_semaphore readable{0};
  std::unique_ptr<Loop::Token> write_token;
  auto read_token = loop_.watch_readable(pair.fds[0], [&] {
    char byte = 0;
    EXPECT_EQ(::read(pair.fds[0], &byte, 1), 1);
    readable.release();
  });
  on_loop([&] {
    write_token = loop_.watch_writable(pair.fds[0], [&] {
      write_token.reset();
      writable.release();
    });
  });
  writable.acquire();
  ASSERT_EQ(::write(pair.fds[1], "a", 1), 1);
  readable.acquire();
}

TEST_F(IoTest, NoCallFollowsADroppedToken) {
  Pair pair;
  std::atomic<int> calls{0};
  std::unique_ptr<Loop::Token> token;
  on_loop([&] {
    token = loop_.watch_readable(pair.fds[0], [&] { ++calls; });
    EXPECT_EQ(::write(pair.fds[1], "a", 1), 1);
    token.reset();
  });
  on_loop([] {});
  EXPECT_EQ(calls, 0);
}

TEST_F(IoTest, TheWatcherDoesNotOwnTheDescriptor) {
  Pair pair;
  auto token = loop_.watch_readable(pair.fds[0], [] {});
  token.reset();
  on_loop([] {});
  EXPECT_GE(::fcntl(pair.fds[0], F_GETFD), 0);
  EXPECT_EQ(::write(pair.fds[0], "a", 1), 1);
}

TEST_F(IoTest, WatchingSomethingClosedIsAnError) {
  EXPECT_THROW(static_cast<void>(loop_.watch_readable(-1, [] {})), std::system_error);
}

TEST_F(IoTest, AfterFiresOnceAndSleepResumesOnTheLoop) {
  std::binary_semaphore fired{0};
  auto token = loop_.after(1ms, [&] { fired.release(); });
  fired.acquire();
  EXPECT_FALSE(fired.try_acquire());

  base::Executor* resumed_on = nullptr;
  base::sync_wait([](Loop& loop, base::Executor*& out) -> base::Task<void> {
    co_await loop.sleep(1ms);
    out = base::Executor::current();
  }(loop_, resumed_on));
  EXPECT_EQ(resumed_on, &loop_);
}

TEST_F(IoTest, ADroppedTimerDoesNotFire) {
  std::atomic<int> fired{0};
  on_loop([&] { loop_.after(0us, [&] { ++fired; }).reset(); });
  std::binary_semaphore later{0};
  auto token = loop_.after(2ms, [&] { later.release(); });
  later.acquire();
  EXPECT_EQ(fired, 0);
}

TEST_F(IoTest, WorkPostedAfterTheStopIsDestroyed) {
  io_.stop();
  auto held = std::make_shared<int>(1);
  loop_.post([held] { FAIL() << "ran after the stop"; });
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace mayfly::http
