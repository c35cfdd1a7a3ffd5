// WebPages: which requests that a browser makes for a web page are served, and what the page may
// read of the answers.
//
// Where any credentials are accepted, whoever can send a request is trusted, and every page that
// is open in a browser on this machine can send some: a form or a fetch() of plain text asks
// nobody's leave. A name that its owner makes to mean 127.0.0.1 while the page is open (DNS
// rebinding) lets it read the answers as well. So pages of other sites are refused there, by
// Origin, Sec-Fetch-Site and Host, which no page can forge. Where requests are signed, pages have
// what AWS gives them: any of them may read an answer.
//
// Threads: any; immutable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "wire/error.h"

namespace mayfly::api {

class WebPages {
 public:
  // `origins`: "https://shop.example:8443", as a browser says them; their hosts may be the name of
  // this endpoint, too. "*" stands for all of them.
  explicit WebPages(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  // Why this request is not served; nullopt: it is no page's, or of one that is trusted: one of
  // this machine, or of the origins.
  std::optional<wire::ApiError> refuse(const http::Request& request) const;

 private:
  bool trusts_origin(std::string_view origin, std::string_view host) const;
  bool knows_host(std::string_view host) const;

  std::vector<std::string> origins_;
};

// What AWS answers a browser that asks whether a page may make a request.
http::Response answer_preflight(const http::Request& request);

// Lets the page read the answer, where a page asked.
void let_page_read(const http::Request& request, http::Headers& answer);

}  // namespace mayfly::api
