#include "services/lambda/model/image.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include "base/descriptor_io.h"
#include "base/digest.h"
#include "base/strings.h"
#include "base/unique_fd.h"
#include "services/lambda/model/archive.h"
#include "wire/json.h"

namespace mayfly::lambda {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxReference = 1'024;
constexpr std::uintmax_t kMaxManifest = 4 << 20;  // what registries allow
constexpr std::string_view kSha256 = "sha256:";
constexpr const char* kOciManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kOciConfig = "application/vnd.oci.image.config.v1+json";
constexpr const char* kOciLayer = "application/vnd.oci.image.layer.v1.tar";

std::unexpected<ImageError> absent(std::string detail) {
  return std::unexpected(ImageError{ImageFault::absent, std::move(detail)});
}

bool is_hex_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "sha256:<hex>" -> hex; empty for anything else.
std::string hex_of(std::string_view digest) {
  if (!digest.starts_with(kSha256)) return {};
  digest.remove_prefix(kSha256.size());
  return is_hex_digest(digest) ? std::string(digest) : std::string{};
}

bool is_path_part(std::string_view part) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !part.empty() && part.front() != '.' && part.front() != '-' &&
         std::ranges::all_of(part, plain);
}

bool is_tag(std::string_view tag) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !tag.empty() && tag.size() <= 128 && std::ranges::all_of(tag, plain);
}

// The host of "host/path" is told by a dot, a port or the name localhost.
std::string_view without_host(std::string_view name) {
  // What Docker calls by one word.
  constexpr std::string_view kDockerLibrary = "docker.io/library/";
  if (name.starts_with(kDockerLibrary)) return name.substr(kDockerLibrary.size());
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return name;
  const std::string_view first = name.substr(0, slash);
  const bool host = !first.empty() && first.front() != '.' &&
                    (first == "localhost" || first.find_first_of(".:") != std::string_view::npos);
  return host ? name.substr(slash + 1) : name;
}

std::expected<std::string, ImageError> read_small(const fs::path& path) {
  base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) return io_error("open", path);
  if (!S_ISREG(status.st_mode) || static_cast<std::uintmax_t>(status.st_size) > kMaxManifest)
    return unusable(path.filename().string() + " is no small file");
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  if (!base::read_all(file.get(), bytes)) return io_error("read", path);
  return bytes;
}

std::expected<wire::Document, ImageError> parse(const std::string& bytes, std::string_view what) {
  auto document = wire::parse_json(bytes);
  if (!document) return unusable(fmt::format("{} is no JSON", what));
  return std::move(*document);
}

const std::string& text_of(const wire::Document& document, std::string_view name) {
  static const std::string none;
  const wire::Document* member = document.find(name);
  const std::string* text = member == nullptr ? nullptr : member->as_string();
  return text == nullptr ? none : *text;
}

const wire::DocumentList& list_of(const wire::Document& document, std::string_view name) {
  static const wire::DocumentList none;
  const wire::Document* member = document.find(name);
  const wire::DocumentList* list = member == nullptr ? nullptr : member->as_list();
  return list == nullptr ? none : *list;
}

std::vector<std::string> texts_of(const wire::Document& document, std::string_view name) {
  std::vector<std::string> out;
  for (const wire::Document& each : list_of(document, name)) {
    if (const std::string* text = each.as_string()) out.push_back(*text);
  }
  return out;
}

std::string lambda_architecture(std::string_view oci) {
  return oci == "amd64" ? "x86_64" : std::string(oci);
}

// Where the files of a layout or an archive are; an empty path where there is none of that name.
using Locate = std::function<fs::path(const std::string& name)>;

std::string blob_name(const std::string& hex) { return "blobs/sha256/" + hex; }

// Whether a name that a tool has put on an image is the wanted one: the tag alone, or all of it.
bool is_named(std::string_view name, const ImageReference& wanted) {
  if (name == wanted.tag) return true;
  const std::size_t colon = name.rfind(':');
  return colon != std::string_view::npos && name.substr(colon + 1) == wanted.tag &&
         without_host(name.substr(0, colon)) == wanted.repository;
}

std::expected<Image, ImageError> image_of(std::string manifest, std::string digest,
                                          const Locate& locate) {
  auto document = parse(manifest, "the manifest");
  if (!document) return std::unexpected(document.error());
  Image image;
  image.digest = std::move(digest);
  image.manifest = std::move(manifest);
  const auto part =
      [&](const wire::Document& descriptor) -> std::expected<Image::Part, ImageError> {
    std::string hex = hex_of(text_of(descriptor, "digest"));
    if (hex.empty()) return unusable("a part of the image has no sha256 digest");
    fs::path file = locate(blob_name(hex));
    if (file.empty()) return unusable("the image lacks its part sha256:" + hex);
    return Image::Part{std::move(hex), std::move(file)};
  };
  const wire::Document* config = document->find("config");
  if (config == nullptr) return unusable("the manifest names no configuration");
  auto found = part(*config);
  if (!found) return std::unexpected(found.error());
  image.config = std::move(*found);
  for (const wire::Document& layer : list_of(*document, "layers")) {
    found = part(layer);
    if (!found) return std::unexpected(found.error());
    image.layers.push_back(std::move(*found));
  }
  return image;
}

std::expected<std::string, ImageError> read_blob(const Locate& locate, const std::string& hex) {
  const fs::path path = locate(blob_name(hex));
  if (path.empty()) return unusable("the image lacks its part sha256:" + hex);
  auto bytes = read_small(path);
  if (bytes && base::to_hex(base::sha256(*bytes)) != hex)
    return unusable(fmt::format("sha256:{} does not have the content that its name says", hex));
  return bytes;
}

bool is_for(const wire::Document& descriptor, std::string_view architecture) {
  const wire::Document* platform = descriptor.find("platform");
  return platform != nullptr && text_of(*platform, "os") == "linux" &&
         lambda_architecture(text_of(*platform, "architecture")) == architecture;
}

// The descriptor of the wanted image in index.json.
std::expected<std::string, ImageError> choose_in_index(const wire::Document& index,
                                                       const ImageReference& wanted) {
  const wire::DocumentList& manifests = list_of(index, "manifests");
  bool nameless = manifests.size() == 1;
  for (const wire::Document& each : manifests) {
    const std::string hex = hex_of(text_of(each, "digest"));
    if (!wanted.digest.empty()) {
      if (hex == wanted.digest) return hex;
      continue;
    }
    const wire::Document* annotations = each.find("annotations");
    if (annotations == nullptr) continue;
    for (const char* key : {"org.opencontainers.image.ref.name", "io.containerd.image.name"}) {
      const std::string& name = text_of(*annotations, key);
      if (!name.empty() && is_named(name, wanted)) return hex;
      nameless = nameless && name.empty();
    }
  }
  // An image that nobody has named is the latest one.
  if (nameless && wanted.digest.empty() && wanted.tag == "latest")
    return hex_of(text_of(manifests.front(), "digest"));
  return absent("no image of that tag or digest is in it");
}

std::expected<Image, ImageError> find_in_layout(const Locate& locate, const ImageReference& wanted,
                                                std::string_view architecture) {
  auto text = read_small(locate("index.json"));
  if (!text) return std::unexpected(text.error());
  auto document = parse(*text, "index.json");
  if (!document) return std::unexpected(document.error());
  auto hex = choose_in_index(*document, wanted);
  if (!hex) return std::unexpected(hex.error());
  // An index of the same image for several machines may be between.
  for (int depth = 0; depth < 3; ++depth) {
    if (hex->empty()) return unusable("a manifest has no sha256 digest");
    auto bytes = read_blob(locate, *hex);
    if (!bytes) return std::unexpected(bytes.error());
    auto inner = parse(*bytes, "the manifest");
    if (!inner) return std::unexpected(inner.error());
    if (inner->find("manifests") == nullptr) return image_of(std::move(*bytes), *hex, locate);
    const wire::DocumentList& manifests = list_of(*inner, "manifests");
    const auto fits = std::ranges::find_if(
        manifests, [&](const wire::Document& each) { return is_for(each, architecture); });
    if (fits == manifests.end())
      return unusable(fmt::format("the image is not for linux on {}", architecture));
    *hex = hex_of(text_of(*fits, "digest"));
  }
  return unusable("its indexes are nested too deeply");
}

// What docker's archive lacks: a manifest with digests.
std::expected<Image, ImageError> find_in_docker_archive(const Locate& locate,
                                                        const ImageReference& wanted) {
  auto text = read_small(locate("manifest.json"));
  if (!text) return std::unexpected(text.error());
  auto document = parse(*text, "manifest.json");
  if (!document) return std::unexpected(document.error());
  const wire::DocumentList* images = document->as_list();
  if (images == nullptr) return unusable("manifest.json is no list of images");
  const wire::Document* chosen = nullptr;
  for (const wire::Document& each : *images) {
    const std::vector<std::string> tags = texts_of(each, "RepoTags");
    const bool named =
        std::ranges::any_of(tags, [&](const std::string& tag) { return is_named(tag, wanted); });
    if (named || (tags.empty() && images->size() == 1 && wanted.tag == "latest")) chosen = &each;
  }
  if (chosen == nullptr || !wanted.digest.empty())
    return absent("no image of that tag or digest is in it");

  std::map<std::string, fs::path> files;
  const auto describe = [&](const std::string& name,
                            const char* type) -> std::expected<wire::Document, ImageError> {
    const fs::path path = locate(name);
    const auto hex = path.empty() ? std::nullopt : base::file_sha256(path);
    if (!hex) return unusable("the archive lacks " + name);
    files[blob_name(*hex)] = path;
    wire::Document descriptor = wire::Document::map();
    descriptor.set("mediaType", type);
    descriptor.set("digest", std::string(kSha256) + *hex);
    std::error_code ignored;
    descriptor.set("size", static_cast<std::int64_t>(fs::file_size(path, ignored)));
    return descriptor;
  };
  auto config = describe(text_of(*chosen, "Config"), kOciConfig);
  if (!config) return std::unexpected(config.error());
  wire::Document layers = wire::Document::list();
  for (const std::string& name : texts_of(*chosen, "Layers")) {
    auto layer = describe(name, kOciLayer);
    if (!layer) return std::unexpected(layer.error());
    layers.push_back(std::move(*layer));
  }
  wire::Document manifest = wire::Document::map();
  manifest.set("schemaVersion", 2);
  manifest.set("mediaType", kOciManifest);
  manifest.set("config", std::move(*config));
  manifest.set("layers", std::move(layers));
  std::string bytes = wire::to_json(manifest);
  std::string digest = base::to_hex(base::sha256(bytes));
  return image_of(std::move(bytes), std::move(digest), [&files](const std::string& name) {
    const auto found = files.find(name);
    return found == files.end() ? fs::path{} : found->second;
  });
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::expected<void, ImageError> write_new(const fs::path& path, std::string_view bytes) {
  base::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return io_error("create", path);
  if (!base::write_all(file.get(), bytes)) return io_error("write", path);
  return {};
}

std::expected<void, ImageError> copy_proven(const Image::Part& part, const fs::path& to) {
  base::UniqueFd from(::open(part.file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from) return io_error("open", part.file);
  base::UniqueFd file(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) return {};  // the same layer twice
  if (!file) return io_error("create", to);
  base::Sha256 digest;
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("read", part.file);
    if (count == 0) break;
    digest.update({buffer.data(), static_cast<std::size_t>(count)});
    if (!base::write_all(file.get(), {buffer.data(), static_cast<std::size_t>(count)}))
      return io_error("write", to);
  }
  if (digest.hex() != part.sha256)
    return unusable(
        fmt::format("sha256:{} does not have the content that its name says", part.sha256));
  return {};
}

}  // namespace

std::optional<ImageReference> parse_image_reference(std::string_view text) {
  if (text.size() > kMaxReference) return std::nullopt;
  ImageReference out;
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    out.digest = hex_of(text.substr(at + 1));
    if (out.digest.empty()) return std::nullopt;
    text = text.substr(0, at);
  }
  text = without_host(text);
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    out.tag = text.substr(colon + 1);
    if (!is_tag(out.tag)) return std::nullopt;
    text = text.substr(0, colon);
  } else if (out.digest.empty()) {
    out.tag = "latest";
  }
  out.repository = text;
  if (!std::ranges::all_of(base::split(text, '/'), is_path_part)) return std::nullopt;
  return out;
}

std::expected<Image, ImageError> find_image(const fs::path& images, const ImageReference& reference,
                                            std::string_view architecture, const fs::path& scratch,
                                            const ImageLimits& limits) {
  const fs::path base = images / reference.repository;
  std::expected<Image, ImageError> image = absent(
      fmt::format("the folder of images has neither {0}/ nor {0}.tar", reference.repository));
  if (is_file(base / "index.json")) {
    image = find_in_layout(
        [&base](const std::string& name) {
          return is_file(base / name) ? base / name : fs::path{};
        },
        reference, architecture);
  } else {
    for (const char* ending : {".tar", ".tar.gz", ".tgz"}) {
      const fs::path archive = base.string() + ending;
      if (!is_file(archive)) continue;
      auto files = take_apart(archive, scratch, limits);
      if (!files) return std::unexpected(files.error());
      const Locate locate = [&files](const std::string& name) {
        const auto found = files->find(name);
        return found == files->end() ? fs::path{} : found->second;
      };
      // Docker writes both since version 25; the layout says more.
      if (files->contains("index.json")) {
        image = find_in_layout(locate, reference, architecture);
      } else if (files->contains("manifest.json")) {
        image = find_in_docker_archive(locate, reference);
      } else {
        image = unusable("the archive has neither index.json nor manifest.json");
      }
      break;
    }
  }
  if (!image) return image;
  if (image->layers.size() > limits.layers)
    return std::unexpected(ImageError{ImageFault::too_large, "the image has too many layers"});
  auto config = read_image_settings(*image);
  if (!config) return std::unexpected(config.error());
  if (config->architecture != architecture)
    return unusable(
        fmt::format("the image is for {}, not for {}", config->architecture, architecture));
  return image;
}

std::expected<void, ImageError> keep_image(const Image& image, const fs::path& folder) {
  if (auto done = write_new(folder / "manifest.json", image.manifest); !done) return done;
  if (auto done = copy_proven(image.config, folder / image.config.sha256); !done) return done;
  for (const Image::Part& layer : image.layers) {
    if (auto done = copy_proven(layer, folder / layer.sha256); !done) return done;
  }
  return {};
}

std::expected<Image, ImageError> kept_image(const fs::path& folder) {
  auto manifest = read_small(folder / "manifest.json");
  if (!manifest) return std::unexpected(manifest.error());
  std::string digest = base::to_hex(base::sha256(*manifest));
  const std::size_t prefix = blob_name("").size();
  return image_of(std::move(*manifest), std::move(digest), [&](const std::string& name) {
    const fs::path path = folder / name.substr(prefix);
    return is_file(path) ? path : fs::path{};
  });
}

std::expected<ImageSettings, ImageError> read_image_settings(const Image& image) {
  auto bytes = read_small(image.config.file);
  if (!bytes) return std::unexpected(bytes.error());
  auto document = parse(*bytes, "the image's configuration");
  if (!document) return std::unexpected(document.error());
  if (text_of(*document, "os") != "linux") return unusable("the image is not for linux");
  ImageSettings out;
  out.architecture = lambda_architecture(text_of(*document, "architecture"));
  if (const wire::Document* config = document->find("config")) {
    out.entrypoint = texts_of(*config, "Entrypoint");
    out.command = texts_of(*config, "Cmd");
    out.variables = texts_of(*config, "Env");
    out.working_folder = text_of(*config, "WorkingDir");
  }
  return out;
}

}  // namespace mayfly::lambda
