// The client's TLS: a certificate has to be vouched for, and to be for the host that was asked for.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "base/spawn.h"
#include "http/client.h"
#include "http/detail/address.h"

namespace mayfly::http {
namespace {

using ::testing::HasSubstr;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;

// Signs itself, and names `host`.
Certificate make_certificate(EVP_PKEY* key, const std::string& host) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("Mayfly test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> names(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, host.c_str()));
  X509_add_ext(certificate.get(), names.get(), -1);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

// Answers "ok" to each connection that gets through the handshake, until told to stop.
class TlsServer {
 public:
  explicit TlsServer(const std::string& host)
      : key_(EVP_EC_gen("P-256")),
        certificate_(make_certificate(key_.get(), host)),
        context_(SSL_CTX_new(TLS_server_method())),
        socket_(detail::listen_on("127.0.0.1", 0)) {
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    ::fcntl(socket_.fd, F_SETFL, 0);
    thread_ = std::thread([this] { run(); });
  }
  ~TlsServer() {
    ::shutdown(socket_.fd, SHUT_RDWR);
    thread_.join();
    ::close(socket_.fd);
  }
  std::string url() const { return fmt::format("https://127.0.0.1:{}", socket_.port); }
  void write_certificate(const std::string& path) const {
    std::unique_ptr<FILE, Freer<fclose>> file(std::fopen(path.c_str(), "w"));
    PEM_write_X509(file.get(), certificate_.get());
  }
  std::atomic<int> requests{0};

 private:
  void run() {
    for (;;) {
      const int fd = ::accept(socket_.fd, nullptr, nullptr);
      if (fd < 0) return;
      std::unique_ptr<SSL, Freer<SSL_free>> tls(SSL_new(context_.get()));
      SSL_set_fd(tls.get(), fd);
      char block[4096];
      if (SSL_accept(tls.get()) == 1 && SSL_read(tls.get(), block, sizeof(block)) > 0) {
        ++requests;
        const std::string answer =
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
        SSL_write(tls.get(), answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(tls.get());
      }
      ::close(fd);
    }
  }

  Key key_;
  Certificate certificate_;
  Context context_;
  detail::ListeningSocket socket_;
  std::thread thread_;
};

class TlsTest : public ::testing::Test {
 protected:
  ~TlsTest() override {
    ::unsetenv("SSL_CERT_FILE");
    io_.stop();
  }
  // A client that trusts only what is in SSL_CERT_FILE, as OpenSSL's default paths have it.
  std::string get(const TlsServer& trusted, const std::string& url) {
    const std::string path =
        fmt::format("{}/mayfly-tls-test-{}.pem", ::testing::TempDir(), ::getpid());
    trusted.write_certificate(path);
    ::setenv("SSL_CERT_FILE", path.c_str(), 1);
    io_.start();
    Client client(io_, {});
    Request request;
    request.method = "GET";
    request.target = "/";
    const auto response = base::sync_wait(client.send(url, std::move(request)));
    ::unlink(path.c_str());
    return response ? response->body : response.error();
  }
  Io io_{1};
};

TEST_F(TlsTest, AcceptsACertificateThatIsVouchedFor) {
  TlsServer server("IP:127.0.0.1");
  EXPECT_EQ(get(server, server.url()), "ok");
}

TEST_F(TlsTest, RefusesACertificateOfAnUnknownIssuer) {
  TlsServer server("IP:127.0.0.1");
  TlsServer other("IP:127.0.0.1");
  EXPECT_THAT(get(other, server.url()), HasSubstr("TLS handshake failed"));
  EXPECT_EQ(server.requests, 0);
}

TEST_F(TlsTest, RefusesACertificateOfAnotherHost) {
  TlsServer server("DNS:other.example");
  EXPECT_THAT(get(server, server.url()), HasSubstr("TLS handshake failed"));
}

}  // namespace
}  // namespace mayfly::http
