#include "base/digest.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

#include "base/strings.h"
#include "base/unique_fd.h"

namespace mayfly::base {

struct Sha256::Context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(md); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  if (context_->md == nullptr || EVP_DigestInit_ex(context_->md, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
}
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(context_->md, bytes.data(), bytes.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> out{};
  EVP_DigestFinal_ex(context_->md, out.data(), nullptr);
  return to_hex(std::span<const std::uint8_t>(out));
}

std::optional<std::string> file_sha256(const std::filesystem::path& path) {
  constexpr std::size_t kBlock = 256 * 1024;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  Sha256 digest;
  std::string block(kBlock, '\0');
  while (true) {
    const ssize_t count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return digest.hex();
    digest.update(std::string_view(block).substr(0, static_cast<std::size_t>(count)));
  }
}

}  // namespace mayfly::base
