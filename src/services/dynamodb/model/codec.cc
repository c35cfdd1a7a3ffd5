#include "services/dynamodb/model/codec.h"

#include <algorithm>

namespace mayfly::dynamodb {
namespace {

constexpr char kFormatVersion = 1;

// On disk: append only.
enum class Tag : unsigned char {
  s = 1,
  number = 2,
  b = 3,
  no = 4,
  yes = 5,
  null = 6,
  map = 7,
  list = 8,
  ss = 9,
  ns = 10,
  bs = 11,
  small_integer = 12,  // a varint, zigzag
};

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_bytes(std::string& out, std::string_view bytes) {
  put_varint(out, bytes.size());
  out.append(bytes);
}

void put_tag(std::string& out, Tag tag) { out.push_back(static_cast<char>(tag)); }

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (0 - (value & 1)));
}

// Sign and exponent in one varint, then the coefficient, low byte first, as many bytes as it needs.
void put_number(std::string& out, const Number& number) {
  put_varint(out, zigzag(number.exponent()) << 1 | (number.is_negative() ? 1U : 0U));
  Coefficient rest = number.coefficient();
  const std::size_t count_at = out.size();
  out.push_back('\0');
  while (rest != 0) {
    out.push_back(static_cast<char>(rest & 0xFF));
    rest >>= 8;
  }
  out[count_at] = static_cast<char>(out.size() - count_at - 1);
}

// Most numbers that people store: they take a tag and a varint.
bool is_small_integer(const Number& number) {
  return number.exponent() == 0 && number.coefficient() < (Coefficient{1} << 48);
}

void put_map(std::string& out, const Map& map);

void put_value(std::string& out, const Value& value) {
  switch (value.type()) {
    case Type::s:
      put_tag(out, Tag::s);
      put_bytes(out, *value.as<std::string>());
      break;
    case Type::n: {
      const Number& number = *value.as<Number>();
      if (is_small_integer(number)) {
        const auto magnitude = static_cast<std::int64_t>(number.coefficient());
        put_tag(out, Tag::small_integer);
        put_varint(out, zigzag(number.is_negative() ? -magnitude : magnitude));
      } else {
        put_tag(out, Tag::number);
        put_number(out, number);
      }
      break;
    }
    case Type::b:
      put_tag(out, Tag::b);
      put_bytes(out, value.as<Binary>()->bytes);
      break;
    case Type::boolean:
      put_tag(out, *value.as<bool>() ? Tag::yes : Tag::no);
      break;
    case Type::null:
      put_tag(out, Tag::null);
      break;
    case Type::map:
      put_tag(out, Tag::map);
      put_map(out, *value.as<Map>());
      break;
    case Type::list: {
      const List& list = *value.as<List>();
      put_tag(out, Tag::list);
      put_varint(out, list.size());
      for (const Value& element : list) put_value(out, element);
      break;
    }
    case Type::ss: {
      const StringSet& set = *value.as<StringSet>();
      put_tag(out, Tag::ss);
      put_varint(out, set.size());
      for (const std::string& member : set) put_bytes(out, member);
      break;
    }
    case Type::ns: {
      const NumberSet& set = *value.as<NumberSet>();
      put_tag(out, Tag::ns);
      put_varint(out, set.size());
      for (const Number& member : set) put_number(out, member);
      break;
    }
    case Type::bs: {
      const BinarySet& set = *value.as<BinarySet>();
      put_tag(out, Tag::bs);
      put_varint(out, set.size());
      for (const Binary& member : set) put_bytes(out, member.bytes);
      break;
    }
  }
}

void put_map(std::string& out, const Map& map) {
  put_varint(out, map.size());
  for (const Map::Entry& entry : map) {
    put_bytes(out, entry.name);
    put_value(out, entry.value);
  }
}

// Reads from the front of a view; every function returns nullopt on bytes that the writer does not
// write.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool done() const { return bytes_.empty(); }

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      if (bytes_.empty()) return std::nullopt;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) {
        if (byte == 0 && shift > 0) return std::nullopt;  // not the shortest form
        return value;
      }
    }
    return std::nullopt;
  }

  std::optional<std::string_view> bytes() {
    const auto length = varint();
    if (!length || *length > bytes_.size()) return std::nullopt;
    const std::string_view result = bytes_.substr(0, *length);
    bytes_.remove_prefix(*length);
    return result;
  }

  // A count of things of which each takes at least `least` bytes: so it never makes us reserve more
  // than we were given.
  std::optional<std::size_t> count(std::size_t least) {
    const auto value = varint();
    if (!value || *value > bytes_.size() / least) return std::nullopt;
    return *value;
  }

  std::optional<unsigned char> byte() {
    if (bytes_.empty()) return std::nullopt;
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }

  std::optional<Number> number() {
    const auto head = varint();
    const auto length = byte();
    if (!head || !length || *length > sizeof(Coefficient) || *length > bytes_.size()) {
      return std::nullopt;
    }
    Coefficient coefficient = 0;
    for (std::size_t i = *length; i-- > 0;) {
      coefficient = coefficient << 8 | static_cast<unsigned char>(bytes_[i]);
    }
    if (*length > 0 && bytes_[*length - 1U] == '\0') return std::nullopt;
    bytes_.remove_prefix(*length);
    const std::int64_t exponent = unzigzag(*head >> 1);
    if (exponent < -1000 || exponent > 1000) return std::nullopt;
    return Number::from_parts((*head & 1) != 0, coefficient, static_cast<int>(exponent));
  }

  std::optional<Map> map(int depth) {
    const auto size = count(2);
    if (!size) return std::nullopt;
    Map::Entries entries;
    entries.reserve(*size);
    for (std::size_t i = 0; i < *size; ++i) {
      const auto name = bytes();
      if (!name || (i > 0 && entries.back().name >= *name)) return std::nullopt;
      auto element = value(depth);
      if (!element) return std::nullopt;
      entries.push_back(Map::Entry{std::string(*name), std::move(*element)});
    }
    return Map::from(std::move(entries));
  }

  std::optional<Value> value(int depth) {
    const auto tag = byte();
    if (!tag) return std::nullopt;
    switch (static_cast<Tag>(*tag)) {
      case Tag::s: {
        const auto text = bytes();
        if (!text) return std::nullopt;
        return Value(std::string(*text));
      }
      case Tag::small_integer: {
        const auto integer = varint();
        if (!integer || *integer >= std::uint64_t{1} << 49) return std::nullopt;
        const Number number = Number::of(unzigzag(*integer));
        if (number.exponent() != 0) return std::nullopt;
        return Value(number);
      }
      case Tag::number: {
        const auto parsed = number();
        if (!parsed || is_small_integer(*parsed)) return std::nullopt;
        return Value(*parsed);
      }
      case Tag::b: {
        const auto data = bytes();
        if (!data) return std::nullopt;
        return Value(Binary{std::string(*data)});
      }
      case Tag::no:
        return Value(false);
      case Tag::yes:
        return Value(true);
      case Tag::null:
        return Value(Null{});
      case Tag::map: {
        if (depth == 0) return std::nullopt;
        auto nested = map(depth - 1);
        if (!nested) return std::nullopt;
        return Value(std::move(*nested));
      }
      case Tag::list: {
        if (depth == 0) return std::nullopt;
        return list(depth - 1);
      }
      case Tag::ss:
      case Tag::bs:
      case Tag::ns:
        return set(static_cast<Tag>(*tag));
    }
    return std::nullopt;
  }

 private:
  std::optional<Value> list(int depth) {
    const auto size = count(1);
    if (!size) return std::nullopt;
    List elements;
    for (std::size_t i = 0; i < *size; ++i) {
      auto element = value(depth);
      if (!element) return std::nullopt;
      elements.push_back(std::move(*element));
    }
    return Value(std::move(elements));
  }

  std::optional<Value> set(Tag tag) {
    const auto size = count(1);
    if (!size) return std::nullopt;
    StringSet strings;
    NumberSet numbers;
    BinarySet binaries;
    for (std::size_t i = 0; i < *size; ++i) {
      if (tag == Tag::ns) {
        const auto member = number();
        if (!member || (i > 0 && !(numbers.back() < *member))) return std::nullopt;
        numbers.push_back(*member);
        continue;
      }
      const auto member = bytes();
      if (!member) return std::nullopt;
      if (tag == Tag::ss) {
        if (i > 0 && strings.back() >= *member) return std::nullopt;
        strings.emplace_back(*member);
      } else {
        if (i > 0 && binaries.back().bytes >= *member) return std::nullopt;
        binaries.push_back(Binary{std::string(*member)});
      }
    }
    if (tag == Tag::ns) return Value::number_set(std::move(numbers));
    if (tag == Tag::ss) return Value::string_set(std::move(strings));
    return Value::binary_set(std::move(binaries));
  }

  std::string_view bytes_;
};

}  // namespace

std::string encode_item(const Item& item, std::size_t size) {
  std::string out;
  out.reserve(size + 16 + item.size() * 3);
  out.push_back(kFormatVersion);
  put_varint(out, size);
  put_map(out, item);
  return out;
}

std::string encode_item(const Item& item) { return encode_item(item, size_of(item)); }

std::optional<Item> decode_item(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kFormatVersion) return std::nullopt;
  Reader reader(bytes.substr(1));
  const auto size = reader.varint();
  if (!size || *size > kMaxItemSize) return std::nullopt;
  auto item = reader.map(kMaxNesting);
  if (!item || !reader.done()) return std::nullopt;
  return item;
}

std::optional<std::size_t> decode_size(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kFormatVersion) return std::nullopt;
  const auto size = Reader(bytes.substr(1)).varint();
  if (!size || *size > kMaxItemSize) return std::nullopt;
  return size;
}

}  // namespace mayfly::dynamodb
