// A custom runtime in C++ with plain sockets: what a `provided.al2023` package has as `bootstrap`.
//
// Its handler is chosen by _HANDLER: "echo" answers with the event, "headers" with what the Runtime
// API told in headers, "error" with an error, "crash" ends with status 4, "stream" answers in the
// streaming mode, "bad" makes calls that must be refused and answers with their statuses,
// "fail_init" reports an INIT error.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace {

struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class Connection {
 public:
  explicit Connection(const std::string& address) {
    const std::size_t colon = address.find(':');
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) std::exit(10);
  }

  Reply call(const std::string& method, const std::string& path, const std::string& headers,
             const std::string& body) {
    send(method, path, headers, body);
    return read();
  }
  void send(const std::string& method, const std::string& path, const std::string& headers,
            const std::string& body) {
    std::string request = method + " " + path + " HTTP/1.1\r\nHost: runtime\r\n" + headers;
    if (headers.find("Transfer-Encoding") == std::string::npos) {
      request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    request += "\r\n" + body;
    for (std::size_t done = 0; done < request.size();) {
      const ssize_t sent = ::send(fd_, request.data() + done, request.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) std::exit(11);
      done += static_cast<std::size_t>(sent);
    }
  }

 private:
  Reply read() {
    while (buffer_.find("\r\n\r\n") == std::string::npos) more();
    const std::size_t end = buffer_.find("\r\n\r\n");
    const std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    Reply reply;
    reply.status = std::stoi(head.substr(9, 3));
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
      const std::size_t line_end = head.find("\r\n", at);
      const std::string line = head.substr(at, line_end - at);
      at = line_end + 2;
      const std::size_t colon = line.find(':');
      std::string name = line.substr(0, colon);
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      reply.headers[name] = line.substr(line.find_first_not_of(' ', colon + 1));
    }
    const std::size_t length = std::stoul(reply.headers["content-length"]);
    while (buffer_.size() < length) more();
    reply.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return reply;
  }
  void more() {
    char step[65536];
    const ssize_t got = ::recv(fd_, step, sizeof(step), 0);
    if (got <= 0) std::exit(0);  // the platform has closed
    buffer_.append(step, static_cast<std::size_t>(got));
  }

  int fd_ = -1;
  std::string buffer_;
};

const std::string kRuntime = "/2018-06-01/runtime/";

}  // namespace

int main() {
  Connection api(std::getenv("AWS_LAMBDA_RUNTIME_API"));
  const std::string handler = std::getenv("_HANDLER");
  if (handler == "fail_init") {
    api.call("POST", kRuntime + "init/error",
             "Lambda-Runtime-Function-Error-Type: Runtime.NoConfig\r\n",
             R"({"errorMessage":"no config","errorType":"Runtime.NoConfig"})");
    return 1;
  }
  while (true) {
    const Reply event = api.call("GET", kRuntime + "invocation/next", "", "");
    const std::string id = event.headers.at("lambda-runtime-aws-request-id");
    const std::string at = kRuntime + "invocation/" + id;
    std::printf("handling %s\n", id.c_str());
    std::fflush(stdout);
    if (handler == "echo") {
      api.call("POST", at + "/response", "", event.body);
    } else if (handler == "headers") {
      api.call("POST", at + "/response", "",
               "\"" + event.headers.at("lambda-runtime-invoked-function-arn") + " " +
                   std::to_string(event.headers.at("lambda-runtime-deadline-ms").size()) + " " +
                   event.headers.at("content-type") + "\"");
    } else if (handler == "error") {
      api.call("POST", at + "/error", "Lambda-Runtime-Function-Error-Type: Function.Odd\r\n",
               R"({"errorMessage":"odd","errorType":"Odd"})");
    } else if (handler == "crash") {
      return 4;
    } else if (handler == "stream") {
      api.call("POST", at + "/response",
               "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n",
               "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    } else if (handler == "stream_error") {
      api.call(
          "POST", at + "/response",
          "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
          "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n",
          "5\r\nhello\r\n0\r\nLambda-Runtime-Function-Error-Type: Function.Odd\r\n"
          "Lambda-Runtime-Function-Error-Body: "
          "eyJlcnJvclR5cGUiOiJPZGQiLCJlcnJvck1lc3NhZ2UiOiJtaWR3YXkifQ==\r\n\r\n");
    } else if (handler == "stream_dies") {
      api.send("POST", at + "/response",
               "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n",
               "5\r\nhello\r\n");
      ::usleep(100'000);
      return 5;
    } else if (handler == "bad") {
      const int wrong_id = api.call("POST", kRuntime + "invocation/other/response", "", "1").status;
      const int next_now = api.call("GET", kRuntime + "invocation/next", "", "").status;
      const int init_now = api.call("POST", kRuntime + "init/error", "", "{}").status;
      const int unknown = api.call("GET", kRuntime + "nothing", "", "").status;
      const int extension = api.call("POST", "/2020-01-01/extension/register", "", "{}").status;
      api.call("POST", at + "/response", "",
               "[" + std::to_string(wrong_id) + "," + std::to_string(next_now) + "," +
                   std::to_string(init_now) + "," + std::to_string(unknown) + "," +
                   std::to_string(extension) + "]");
    }
  }
}
