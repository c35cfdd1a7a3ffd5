// Mayfly's public HTTP API from the outside, as any AWS client sees it. Blocking; used by one
// thread.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cli/arguments.h"
#include "http/message.h"
#include "wire/document.h"

namespace mayfly::cli {

// Why there is no result, as a sentence that says what to do. Never holds a credential.
struct Problem {
  std::string text;
  std::string code;  // of the API's error, or empty
};

template <class T>
using Answer = std::expected<T, Problem>;

class ApiClient {
 public:
  ApiClient(Target target, const base::Clock& clock, std::chrono::milliseconds timeout);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  // Signed for `service`; whatever status comes back.
  Answer<http::Response> send(std::string_view service, http::Request request);
  // Of Mayfly's own API; the answer is any 2xx.
  Answer<http::Response> own(std::string_view method, std::string_view target,
                             std::string body = {});
  // The same, where the answer is JSON.
  Answer<wire::Document> own_json(std::string_view method, std::string_view target,
                                  std::string body = {});
  // A GET whose answer is JSON.
  Answer<wire::Document> get(std::string_view target);
  // An operation of an AWS JSON 1.1 service: "Logs_20140328.FilterLogEvents".
  Answer<wire::Document> call(std::string_view service, std::string_view operation,
                              const wire::Document& input);

  // What an answer that is no success says.
  Problem problem_of(const http::Response& response) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Text of a member, or empty.
std::string text_at(const wire::Document& document, std::string_view name);

}  // namespace mayfly::cli
