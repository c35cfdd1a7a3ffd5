#include "sandbox/messages.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace mayfly::sandbox {
namespace {

constexpr std::uint32_t kMaxListItems = 4096;

// Both directions of the format are written once: a codec is visited with a Writer or a Reader.
struct Writer {
  std::string bytes;
  template <class T>
    requires(std::is_arithmetic_v<T>)
  void operator()(const T& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void operator()(const std::string& text) {
    (*this)(static_cast<std::uint32_t>(text.size()));
    bytes.append(text);
  }
  template <class T>
  void operator()(const std::vector<T>& items);
  template <class T>
    requires(std::is_class_v<T>)
  void operator()(const T& value);
};

struct Reader {
  std::string_view rest;
  bool good = true;
  template <class T>
    requires(std::is_arithmetic_v<T>)
  void operator()(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      (*this)(byte);
      if (byte > 1) good = false;
      value = byte == 1;
    } else {
      if (rest.size() < sizeof value) {
        good = false;
        return;
      }
      std::memcpy(&value, rest.data(), sizeof value);
      rest.remove_prefix(sizeof value);
    }
  }
  void operator()(std::string& text) {
    std::uint32_t size = 0;
    (*this)(size);
    if (!good || rest.size() < size) {
      good = false;
      return;
    }
    text.assign(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  template <class T>
  void operator()(std::vector<T>& items);
  template <class T>
    requires(std::is_class_v<T>)
  void operator()(T& value);
};

// One of two.
template <class Codec, class T>
void choice(Codec& codec, T& value) {
  auto number = static_cast<std::uint8_t>(value);
  codec(number);
  if constexpr (!std::is_const_v<T>) {
    if (number > 1) codec.good = false;
    value = number == 0 ? T{} : static_cast<T>(1);
  }
}

template <class Codec, class T>
void fields(Codec& codec, T& value) {
  using Plain = std::remove_const_t<T>;
  auto all = [&codec](auto&... each) { (codec(each), ...); };
  if constexpr (std::is_same_v<Plain, Limits>) {
    all(value.memory_bytes, value.cpus, value.pids, value.tmp_bytes, value.open_files);
  } else if constexpr (std::is_same_v<Plain, Bind>) {
    all(value.source, value.target);
  } else if constexpr (std::is_same_v<Plain, SandboxSpec>) {
    all(value.name, value.argv, value.env, value.working_folder, value.code_folder,
        value.opt_folder, value.runtime_folder, value.image_folder, value.binds, value.limits,
        value.listen_ports, value.inside_socket, value.zygote, value.own_addresses,
        value.open_ports, value.lingers, value.pipes);
    choice(codec, value.network);
    choice(codec, value.tmp);
  } else if constexpr (std::is_same_v<Plain, ZygoteSpec>) {
    all(value.argv, value.env);
    choice(codec, value.network);
  } else if constexpr (std::is_same_v<Plain, ZygoteRequest>) {
    all(value.id, value.spec);
  } else if constexpr (std::is_same_v<Plain, StartRequest>) {
    all(value.id, value.spec);
  } else if constexpr (std::is_same_v<Plain, CloneRequest>) {
    all(value.id, value.of, value.name, value.limits);
  } else if constexpr (std::is_same_v<Plain, KillRequest>) {
    all(value.id);
  } else if constexpr (std::is_same_v<Plain, TerminateRequest>) {
    all(value.id);
  } else if constexpr (std::is_same_v<Plain, CpusRequest>) {
    all(value.id, value.cpus);
  } else if constexpr (std::is_same_v<Plain, ReportRequest>) {
  } else if constexpr (std::is_same_v<Plain, UsageFiles>) {
    all(value.memory_now, value.memory_peak, value.cpu, value.shared_bytes);
  } else if constexpr (std::is_same_v<Plain, Usage>) {
    all(value.cpu_us, value.memory_bytes, value.peak_memory_bytes);
  } else if constexpr (std::is_same_v<Plain, Exit>) {
    all(value.id, value.status, value.signal, value.out_of_memory, value.usage, value.lingers);
  } else if constexpr (std::is_same_v<Plain, Feature>) {
    all(value.name, value.in_force, value.detail);
  } else if constexpr (std::is_same_v<Plain, StartedAnswer>) {
    all(value.id, value.usage, value.user, value.inside_socket);
  } else if constexpr (std::is_same_v<Plain, RefusedAnswer>) {
    all(value.id, value.message);
  } else if constexpr (std::is_same_v<Plain, ExitAnswer>) {
    all(value.exit);
  } else {
    static_assert(std::is_same_v<Plain, ReportAnswer>);
    all(value.features);
  }
}

template <class T>
void Writer::operator()(const std::vector<T>& items) {
  (*this)(static_cast<std::uint32_t>(items.size()));
  for (const T& item : items) (*this)(item);
}
template <class T>
  requires(std::is_class_v<T>)
void Writer::operator()(const T& value) {
  fields(*this, value);
}
template <class T>
void Reader::operator()(std::vector<T>& items) {
  std::uint32_t count = 0;
  (*this)(count);
  if (count > kMaxListItems) good = false;
  items.clear();
  for (std::uint32_t at = 0; good && at < count; ++at) (*this)(items.emplace_back());
}
template <class T>
  requires(std::is_class_v<T>)
void Reader::operator()(T& value) {
  fields(*this, value);
}

template <class Variant>
std::string encode_variant(const Variant& message) {
  Writer writer;
  writer(static_cast<std::uint8_t>(message.index()));
  std::visit([&writer](const auto& value) { writer(value); }, message);
  return std::move(writer.bytes);
}

template <class Variant, std::size_t... kIndex>
std::optional<Variant> decode_variant(std::string_view bytes, std::index_sequence<kIndex...>) {
  Reader reader{bytes};
  std::uint8_t kind = 0;
  reader(kind);
  if (!reader.good || kind >= sizeof...(kIndex)) return std::nullopt;
  Variant message;
  auto read = [&]<std::size_t kThis>(std::integral_constant<std::size_t, kThis>) {
    if (kind == kThis) reader(message.template emplace<kThis>());
  };
  (read(std::integral_constant<std::size_t, kIndex>{}), ...);
  if (!reader.good || !reader.rest.empty()) return std::nullopt;
  return message;
}

bool has_zero(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// Absolute, normal (no empty, "." or ".." part), so that a target cannot leave the sandbox's root.
bool is_normal_path(std::string_view path) {
  if (path.size() < 2 || path.size() > 1024 || path[0] != '/' || has_zero(path)) return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(part.size());
  }
  return true;
}

}  // namespace

std::string encode(const Request& request) { return encode_variant(request); }
std::optional<Request> decode_request(std::string_view bytes) {
  return decode_variant<Request>(bytes, std::make_index_sequence<std::variant_size_v<Request>>{});
}
std::string encode(const Answer& answer) { return encode_variant(answer); }
std::optional<Answer> decode_answer(std::string_view bytes) {
  return decode_variant<Answer>(bytes, std::make_index_sequence<std::variant_size_v<Answer>>{});
}

std::optional<std::string> fault_of_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= 100 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (good) return std::nullopt;
  return "a sandbox's name is 1 to 100 letters, digits, '_' and '-'";
}

std::optional<std::string> fault_of_cpus(double cpus) {
  if (std::isfinite(cpus) && cpus >= 0.01 && cpus <= 4096) return std::nullopt;
  return "the share of CPUs is not between 0.01 and 4096";
}

std::optional<std::string> fault_of(const Limits& limits) {
  if (limits.memory_bytes < (4U << 20)) return "the memory limit is below 4 MiB";
  if (auto fault = fault_of_cpus(limits.cpus)) return fault;
  if (limits.pids < 1) return "the process limit is below 1";
  if (limits.tmp_bytes < 4096 || limits.tmp_bytes > (1ULL << 50)) {
    return "the size of /tmp is not between 4 KiB and 1 PiB";
  }
  if (limits.open_files < 16) return "the limit of open files is below 16";
  return std::nullopt;
}

std::optional<std::string> fault_of(const SandboxSpec& spec) {
  if (auto fault = fault_of_name(spec.name)) return fault;
  if (auto fault = fault_of(spec.limits)) return fault;
  if (spec.argv.empty() || spec.argv[0].empty()) return "no program to start";
  for (const auto* list : {&spec.argv, &spec.env}) {
    if (std::ranges::any_of(*list, has_zero))
      return "a zero byte in an argument or the environment";
  }
  for (const std::string& entry : spec.env) {
    const std::size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos) return "an environment entry is not NAME=value";
  }
  if (spec.working_folder != "/" && !is_normal_path(spec.working_folder)) {
    return "the working folder is not an absolute path";
  }
  for (const auto* folder :
       {&spec.code_folder, &spec.opt_folder, &spec.runtime_folder, &spec.image_folder}) {
    if (!folder->empty() && !is_normal_path(*folder)) {
      return *folder + " is not an absolute, normal path";
    }
  }
  if (spec.binds.size() > 64) return "more than 64 binds";
  for (const Bind& bind : spec.binds) {
    if (!is_normal_path(bind.source) || !is_normal_path(bind.target)) {
      return "a bind from " + bind.source + " to " + bind.target +
             " does not name absolute, normal paths";
    }
  }
  if (spec.network == Network::host &&
      !(spec.listen_ports.empty() && spec.own_addresses.empty() && spec.open_ports.empty())) {
    return "listening ports and addresses of its own need an isolated network";
  }
  if (spec.listen_ports.size() > 8) return "more than 8 listening ports";
  if (spec.open_ports.size() > 16) return "more than 16 open ports";
  if (spec.own_addresses.size() > 64) return "more than 64 addresses of its own";
  if (spec.pipes > 4) return "more than 4 pipes";
  if (spec.pipes > 0 && spec.zygote != 0) return "a zygote's process has no further pipes";
  if (!spec.image_folder.empty() && spec.zygote != 0) return "a zygote's process has no image";
  return std::nullopt;
}

}  // namespace mayfly::sandbox
