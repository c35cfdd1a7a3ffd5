// HTTP messages as the rest of Mayfly sees them: plain values, no Beast, no AWS.
//
// A Request is owned by the handler that takes it. `target` is as it came (percent-encoded, with
// query): routing needs the raw bytes. Header names are compared without regard to case and kept in
// the order and spelling they came in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/task.h"

namespace mayfly::http {

class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  // The first value of that name, or nullopt.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> get_all(std::string_view name) const;
  bool has(std::string_view name) const { return get(name).has_value(); }
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  void set(std::string_view name, std::string value);  // replaces every value of that name
  void remove(std::string_view name);
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }
  void reserve(std::size_t count) { fields_.reserve(count); }

 private:
  std::vector<Field> fields_;
};

// The body of a request, read while it arrives (Server::add_listener with
// ListenerOptions::streams).
//
// next() reads no more than it yields, so a slow reader holds the peer back. It is awaited by the
// handler, one call at a time, and by nobody once the handler has returned; a body that was not
// read to its end then costs the connection. Threads: resumes on the connection's executor.
class IncomingBody {
 public:
  virtual ~IncomingBody() = default;
  // The next bytes as they came, never empty; nullopt: nothing follows.
  virtual base::Task<std::optional<std::string>> next() = 0;
  // After nullopt: it ended as HTTP says, not because the peer went away or was refused.
  virtual bool whole() const = 0;
  // After nullopt: the fields behind a chunked body.
  virtual const Headers& trailers() const = 0;
};

struct Request {
  std::string method;
  std::string target;  // raw: "/2015-03-31/functions/a%3Ab?Qualifier=1"
  int version = 11;    // 10 or 11
  Headers headers;
  std::string body;   // complete, chunking removed, within the server's limit
  std::string peer;   // "127.0.0.1:51234"
  std::string local;  // the address it was received on
  bool tls = false;
  std::shared_ptr<IncomingBody> incoming;  // where set, the body is there and `body` is empty

  std::string_view raw_path() const;   // target up to '?'
  std::string_view raw_query() const;  // behind '?', or empty
};

// A browser asks whether a page may make such a request.
bool is_preflight(const Request& request);

// A body that is produced while it is sent. The server calls next() until it yields nullopt; each
// chunk goes out as soon as it is yielded. Destroyed early when the peer goes away, but never while
// a next() is under way. Where next() throws, the connection is cut without the final chunk, so
// that the peer knows that the body is not whole.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  virtual base::Task<std::optional<std::string>> next() = 0;
};

struct Response {
  int status = 200;
  Headers headers = {};  // Content-Length, Transfer-Encoding, Connection and Date are the server's
  std::string body = {};
  std::unique_ptr<BodyStream> stream = {};  // where set, it follows `body`, chunked
};

// What the server calls for each complete request, on the connection's executor.
using Handler = std::function<base::Task<Response>(Request)>;

}  // namespace mayfly::http
