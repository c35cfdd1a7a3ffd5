#include "wire/cbor.h"

#include <cbor.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/strings.h"

namespace mayfly::wire {
namespace {

// ---- reading

// A container, a tag or an indefinite string that is not complete yet.
struct Open {
  enum class Kind { list, map, text, bytes, time, tag } kind;
  Document value;
  std::optional<std::uint64_t> left;  // items (of a map: keys and values); nullopt: up to a break
  std::optional<std::string> key;     // map: read, its value is still to come
};

class Builder {
 public:
  static const cbor_callbacks& callbacks();

  bool done() const { return root_.has_value() && open_.empty(); }
  Document take() { return std::move(*root_); }
  const std::string& error() const { return error_; }

 private:
  void fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }

  void push(Open entry) {
    if (!count()) return;
    if (open_.size() >= kMaxCborDepth) return fail("it is nested too deeply");
    const bool empty = entry.left == 0;
    open_.push_back(std::move(entry));
    if (empty) close();
  }

  bool count() {
    if (root_ && open_.empty()) {
      fail("something follows the item");
      return false;
    }
    if (++values_ > kMaxCborValues) {
      fail("it has too many values");
      return false;
    }
    return error_.empty();
  }

  void close() {
    Open entry = std::move(open_.back());
    open_.pop_back();
    if (entry.key) return fail("a map ends behind a key");
    complete(std::move(entry.value));
  }

  void scalar(Document value) {
    if (count()) complete(std::move(value));
  }

  // A whole item goes where it belongs.
  void complete(Document value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    switch (parent.kind) {
      case Open::Kind::list:
        parent.value.push_back(std::move(value));
        break;
      case Open::Kind::map:
        if (!parent.key) {
          std::string* key = value.as_string();
          if (key == nullptr) return fail("a map's key is not text");
          parent.key = std::move(*key);
        } else {
          parent.value.as_map()->emplace_back(std::move(*parent.key), std::move(value));
          parent.key.reset();
        }
        break;
      case Open::Kind::text: {
        const std::string* piece = value.as_string();
        if (piece == nullptr) return fail("a piece of a text is not text");
        *parent.value.as_string() += *piece;
        break;
      }
      case Open::Kind::bytes: {
        const Blob* piece = value.as_blob();
        if (piece == nullptr) return fail("a piece of a byte string is not one");
        parent.value.as_blob()->bytes += piece->bytes;
        break;
      }
      case Open::Kind::time: {
        const auto seconds = value.as_double();
        if (!seconds || !std::isfinite(*seconds)) return fail("a time is not a number");
        parent.value = Document(Timestamp{*seconds});
        break;
      }
      case Open::Kind::tag:
        parent.value = std::move(value);
        break;
    }
    if (parent.left && --*parent.left == 0) close();
  }

  static Builder& of(void* context) { return *static_cast<Builder*>(context); }
  static void number(void* context, std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return of(context).fail("an integer does not fit 64 bits");
    of(context).scalar(Document(static_cast<std::int64_t>(value)));
  }
  // CBOR's negative integers are -1 - value.
  static void negative(void* context, std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return of(context).fail("an integer does not fit 64 bits");
    of(context).scalar(Document(-1 - static_cast<std::int64_t>(value)));
  }
  static void items(void* context, Open::Kind kind, Document empty,
                    std::optional<std::uint64_t> count) {
    if (count && *count > kMaxCborValues) return of(context).fail("it has too many values");
    of(context).push({kind, std::move(empty), count, std::nullopt});
  }

  std::optional<Document> root_;
  std::vector<Open> open_;
  std::size_t values_ = 0;
  std::string error_;
};

const cbor_callbacks& Builder::callbacks() {
  static const cbor_callbacks table = [] {
    cbor_callbacks out = cbor_empty_callbacks;
    out.uint8 = [](void* c, std::uint8_t value) { number(c, value); };
    out.uint16 = [](void* c, std::uint16_t value) { number(c, value); };
    out.uint32 = [](void* c, std::uint32_t value) { number(c, value); };
    out.uint64 = [](void* c, std::uint64_t value) { number(c, value); };
    out.negint8 = [](void* c, std::uint8_t value) { negative(c, value); };
    out.negint16 = [](void* c, std::uint16_t value) { negative(c, value); };
    out.negint32 = [](void* c, std::uint32_t value) { negative(c, value); };
    out.negint64 = [](void* c, std::uint64_t value) { negative(c, value); };
    out.string = [](void* c, cbor_data data, std::size_t size) {
      std::string text(reinterpret_cast<const char*>(data), size);
      if (!base::is_utf8(text)) return of(c).fail("a text is not UTF-8");
      of(c).scalar(Document(std::move(text)));
    };
    out.byte_string = [](void* c, cbor_data data, std::size_t size) {
      of(c).scalar(Document(Blob{std::string(reinterpret_cast<const char*>(data), size)}));
    };
    out.string_start = [](void* c) {
      of(c).push({Open::Kind::text, Document(std::string()), std::nullopt, std::nullopt});
    };
    out.byte_string_start = [](void* c) {
      of(c).push({Open::Kind::bytes, Document(Blob{}), std::nullopt, std::nullopt});
    };
    out.array_start = [](void* c, std::size_t size) {
      items(c, Open::Kind::list, Document::list(), size);
    };
    out.indef_array_start = [](void* c) {
      items(c, Open::Kind::list, Document::list(), std::nullopt);
    };
    out.map_start = [](void* c, std::size_t size) {
      if (size > kMaxCborValues) return of(c).fail("it has too many values");
      items(c, Open::Kind::map, Document::map(), size * 2);
    };
    out.indef_map_start = [](void* c) { items(c, Open::Kind::map, Document::map(), std::nullopt); };
    out.tag = [](void* c, std::uint64_t tag) {
      of(c).push({tag == 1 ? Open::Kind::time : Open::Kind::tag, Document(), 1, std::nullopt});
    };
    out.float2 = [](void* c, float value) { of(c).scalar(Document(static_cast<double>(value))); };
    out.float4 = [](void* c, float value) { of(c).scalar(Document(static_cast<double>(value))); };
    out.float8 = [](void* c, double value) { of(c).scalar(Document(value)); };
    out.null = [](void* c) { of(c).scalar(Document()); };
    out.undefined = [](void* c) { of(c).scalar(Document()); };
    out.boolean = [](void* c, bool value) { of(c).scalar(Document(value)); };
    out.indef_break = [](void* c) {
      Builder& self = of(c);
      if (self.open_.empty() || self.open_.back().left) return self.fail("a break is out of place");
      self.close();
    };
    return out;
  }();
  return table;
}

// ---- writing

// The nine bytes at most that begin an item.
template <class Encode, class Value>
void head(Encode encode, Value value, std::string& out) {
  std::array<unsigned char, 9> bytes;
  const std::size_t size = encode(value, bytes.data(), bytes.size());
  out.append(reinterpret_cast<const char*>(bytes.data()), size);
}

void write_cbor(const Document& document, std::string& out);

struct Writer {
  std::string& out;

  void operator()(std::nullptr_t) { out.push_back(static_cast<char>(0xf6)); }
  void operator()(bool value) { head(cbor_encode_bool, value, out); }
  void operator()(std::int64_t value) {
    if (value >= 0) return head(cbor_encode_uint, static_cast<std::uint64_t>(value), out);
    head(cbor_encode_negint, static_cast<std::uint64_t>(-1 - value), out);
  }
  void operator()(double value) { head(cbor_encode_double, value, out); }
  void operator()(const std::string& text) {
    head(cbor_encode_string_start, text.size(), out);
    out += text;
  }
  void operator()(const Blob& blob) {
    head(cbor_encode_bytestring_start, blob.bytes.size(), out);
    out += blob.bytes;
  }
  void operator()(Timestamp time) {
    head(cbor_encode_tag, std::uint64_t{1}, out);
    head(cbor_encode_double, time.epoch_seconds, out);
  }
  void operator()(const DocumentList& list) {
    head(cbor_encode_array_start, list.size(), out);
    for (const Document& element : list) write_cbor(element, out);
  }
  void operator()(const DocumentMap& map) {
    head(cbor_encode_map_start, map.size(), out);
    for (const auto& [key, value] : map) {
      (*this)(key);
      write_cbor(value, out);
    }
  }
};

void write_cbor(const Document& document, std::string& out) {
  std::visit(Writer{out}, document.value());
}

}  // namespace

std::expected<Document, CborError> parse_cbor(std::string_view bytes) {
  Builder builder;
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    const auto* at = reinterpret_cast<cbor_data>(bytes.data() + offset);
    const cbor_decoder_result step =
        cbor_stream_decode(at, bytes.size() - offset, &Builder::callbacks(), &builder);
    if (step.status == CBOR_DECODER_NEDATA)
      return std::unexpected(CborError{"it ends in the middle of an item", offset});
    if (step.status != CBOR_DECODER_FINISHED)
      return std::unexpected(CborError{"a byte begins no item", offset});
    if (!builder.error().empty()) return std::unexpected(CborError{builder.error(), offset});
    offset += step.read;
  }
  if (!builder.done())
    return std::unexpected(CborError{"it ends in the middle of an item", offset});
  return builder.take();
}

std::string to_cbor(const Document& document) {
  std::string out;
  write_cbor(document, out);
  return out;
}

}  // namespace mayfly::wire
