// The /etc that sandboxes see: own user names, the host's name resolution, certificates and time
// zone; no secrets.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <vector>

#include "base/strings.h"
#include "sandbox/files.h"
#include "sandbox/root_fs.h"

namespace mayfly::sandbox {
namespace {

namespace fs = std::filesystem;

// Files of the host, as far as they are there and readable by everybody.
constexpr const char* kCopied[] = {
    "ld.so.cache", "localtime", "timezone",   "mime.types",     "services",        "protocols",
    "gai.conf",    "host.conf", "os-release", "debian_version", "ssl/openssl.cnf", "ssl/cert.pem"};

// A file is taken as it reads: localtime and os-release are links that may lead elsewhere.
void copy_file(const std::string& name, const std::string& folder) {
  struct stat info{};
  const std::string source = "/etc/" + name;
  if (::stat(source.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || (info.st_mode & S_IROTH) == 0)
    return;
  if (auto text = read_file(source)) (void)replace_file(folder + "/" + name, *text);
}

std::string users() {
  const std::string id = std::to_string(kInsideUid) + ":" + std::to_string(kInsideGid);
  return "root:x:0:0:root:/root:/sbin/nologin\nsbx_user" + std::to_string(kInsideUid) + ":x:" + id +
         "::/tmp:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n";
}

std::string groups() {
  return "root:x:0:\nsbx_user:x:" + std::to_string(kInsideGid) + ":\nnogroup:x:65534:\n";
}

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream stream(base::to_lower(line.substr(0, line.find('#'))));
  return {std::istream_iterator<std::string>(stream), {}};
}

// The lines of a hosts file but those for names that `ours` has: a look-up takes all lines
// together, and chooses by itself.
std::string without_names_of(const std::string& ours, const std::string& hosts) {
  const std::vector<std::string> names = words_of(ours);
  std::string out;
  for (const std::string_view line : base::split(hosts, '\n')) {
    const bool known = std::ranges::any_of(words_of(line), [&](const std::string& word) {
      return std::ranges::find(names, word) != names.end();
    });
    if (!known) out.append(line) += '\n';
  }
  return out;
}

}  // namespace

std::expected<void, std::string> SharedEtc::refresh() {
  auto put = [this](const char* name, const std::string& text) -> std::expected<void, std::string> {
    if (auto done = replace_file(folder_ + "/" + name, text); !done) {
      return std::unexpected(error_text("writing " + folder_ + "/" + name, done.error()));
    }
    return {};
  };
  if (!made_) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    ::umask(0022);
    std::vector<std::string> folders{folder_, folder_ + "/ssl"};
    for (const char* name : kShownFolders) folders.push_back(folder_ + "/" + name);
    for (const std::string& each : folders) {
      if (auto made = make_folders(each); !made) {
        return std::unexpected(error_text("making " + each, made.error()));
      }
    }
    for (const char* name : kCopied) copy_file(name, folder_);
    if (auto done = put("passwd", users()); !done) return done;
    if (auto done = put("group", groups()); !done) return done;
    if (auto done = put("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"); !done)
      return done;
    const std::string hosts = without_names_of(hosts_, read_file("/etc/hosts").value_or(""));
    if (auto done =
            put("hosts", "127.0.0.1 localhost sandbox.localdomain sandbox\n::1 localhost\n" +
                             hosts_ + hosts);
        !done)
      return done;
    made_ = true;
  }
  // Name servers change while the daemon runs (a laptop moves): look each time.
  struct stat info{};
  const std::int64_t changed = ::stat("/etc/resolv.conf", &info) == 0
                                   ? info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec
                                   : 0;
  if (changed != resolver_changed_) {
    if (auto done = put("resolv.conf", read_file("/etc/resolv.conf").value_or("")); !done)
      return done;
    resolver_changed_ = changed;
  }
  return {};
}

}  // namespace mayfly::sandbox
