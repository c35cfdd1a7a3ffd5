// The first byte chooses the parser, the rest is the expression. What parses is also evaluated.
#include <cstdint>
#include <string_view>

#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/model/expression/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly::dynamodb;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Placeholders placeholders;
  (void)placeholders.add_value(":v", Value(Number::of(1)));
  (void)placeholders.add_value(":s", Value(std::string("text")));
  (void)placeholders.add_value(":l", Value(List{Value(Number::of(2))}));
  (void)placeholders.add_value(":t", *Value::string_set({"x", "y"}));
  (void)placeholders.add_name("#n", "a");
  placeholders.sort();
  Map nested;
  nested.set("b", Value(List{Value(Number::of(3)), Value(std::string("t"))}));
  Item item;
  item.set("a", Value(nested));
  item.set("n", Value(Number::of(5)));
  item.set("t", *Value::string_set({"x"}));
  switch (data[0] % 3) {
    case 0:
      if (auto parsed = parse_condition(ExpressionKind::condition, text, placeholders)) {
        (void)holds(*parsed, item);
      }
      break;
    case 1:
      if (auto parsed = parse_update(text, placeholders)) (void)apply(*parsed, item);
      break;
    default:
      if (auto parsed = parse_projection(text, placeholders)) (void)project(*parsed, item);
      break;
  }
  return 0;
}
