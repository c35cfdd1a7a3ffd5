// Container images of this machine, as skopeo, podman, buildah and docker save them: an OCI layout
// (a folder), an archive of one, or docker's own archive. No registry is asked and no engine used.
//
// Nothing in an image is trusted: names, digests and sizes are checked, and what is read into
// memory is bounded. Threads: any; the calls block.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::lambda {

// "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/orders:v1": the host says nothing here.
struct ImageReference {
  std::string repository;  // "shop/orders"
  std::string tag;         // "latest" where neither it nor a digest is given
  std::string digest;      // hex of a sha256, or empty
};
std::optional<ImageReference> parse_image_reference(std::string_view text);

struct ImageLimits {
  std::uint64_t unpacked_bytes = 10'737'418'240;  // AWS: 10 GB uncompressed
  std::uint64_t entries = 2'000'000;
  std::size_t layers = 128;
};

enum class ImageFault {
  absent,     // there is no such image
  unusable,   // damaged, for another machine, or of a form that is not understood
  too_large,  // beyond the limits
  io,         // this machine's disk; not the client's fault
};

struct ImageError {
  ImageFault fault;
  std::string detail;
};

// What an image says about how to run it.
struct ImageSettings {
  std::vector<std::string> entrypoint, command, variables;  // variables: "NAME=value"
  std::string working_folder;
  std::string architecture;  // as Lambda names it: x86_64 or arm64
};

// A single manifest and where its parts are. The parts may go away, and are not looked at yet.
struct Image {
  struct Part {
    std::string sha256;  // hex
    std::filesystem::path file;
  };
  std::string digest;    // hex: of the manifest
  std::string manifest;  // JSON
  Part config;
  std::vector<Part> layers;  // the lowest first
};

// Looks for <images>/<repository> (an OCI layout) and <images>/<repository>.tar (also .tar.gz,
// .tgz). Archives are taken apart in `scratch`, an empty folder.
std::expected<Image, ImageError> find_image(const std::filesystem::path& images,
                                            const ImageReference& reference,
                                            std::string_view architecture,
                                            const std::filesystem::path& scratch,
                                            const ImageLimits& limits = {});

// Copies an image's parts into `folder`, which exists and is empty, and proves their digests.
std::expected<void, ImageError> keep_image(const Image& image, const std::filesystem::path& folder);
// The image that keep_image() put there.
std::expected<Image, ImageError> kept_image(const std::filesystem::path& folder);

std::expected<ImageSettings, ImageError> read_image_settings(const Image& image);

struct ImageSummary {
  std::uint64_t unpacked_bytes = 0, entries = 0;
};

// Lays the layers on top of each other in `root`, which exists and is empty: files, folders and
// links with their permissions, without owners, set-user-id bits and devices. Links may lead
// anywhere: nothing here follows one out of `root`, and in a sandbox `root` is all there is.
std::expected<ImageSummary, ImageError> unpack_image(const Image& image,
                                                     const std::filesystem::path& root,
                                                     const ImageLimits& limits = {});

}  // namespace mayfly::lambda
