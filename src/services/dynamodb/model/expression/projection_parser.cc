// Projections (path, path, ...), and the rule that paths of one expression may not contain each
// other.
#include <algorithm>
#include <numeric>
#include <optional>

#include "services/dynamodb/model/expression/token_stream.h"

namespace mayfly::dynamodb {
namespace {

enum class Clash { none, overlap, conflict };

Clash clash_of(const Path& a, const Path& b) {
  const std::size_t shared = std::min(a.elements.size(), b.elements.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (a.elements[i] == b.elements[i]) continue;
    return a.elements[i].kind == b.elements[i].kind ? Clash::none : Clash::conflict;
  }
  return Clash::overlap;
}

}  // namespace

Checked<void> check_overlaps(ExpressionKind kind, const std::vector<const Path*>& paths) {
  std::vector<std::size_t> sorted(paths.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  std::sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) {
    if (sorts_before(*paths[a], *paths[b])) return true;
    return a < b && !sorts_before(*paths[b], *paths[a]);
  });
  // What contains a path, or disagrees with it, has nothing unrelated between the two in this
  // order.
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const std::size_t one = std::min(sorted[i - 1], sorted[i]);
    const std::size_t two = std::max(sorted[i - 1], sorted[i]);
    const Clash clash = clash_of(*paths[one], *paths[two]);
    if (clash == Clash::none) continue;
    std::string message = clash == Clash::overlap ? "Two document paths overlap with each other; "
                                                  : "Two document paths conflict with each other; ";
    message.append("must remove or rewrite one of these paths; path one: ")
        .append(describe(*paths[one]));
    message.append(", path two: ").append(describe(*paths[two]));
    return std::unexpected(invalid_expression(kind, message));
  }
  return {};
}

Checked<Projection> parse_projection(std::string_view text, Placeholders& placeholders) {
  constexpr ExpressionKind kKind = ExpressionKind::projection;
  if (auto checked = check_text(kKind, text); !checked)
    return std::unexpected(std::move(checked).error());
  TokenStream tokens(kKind, text, placeholders);
  Projection projection;
  do {
    auto path = tokens.path();
    if (!path) break;
    projection.push_back(std::move(*path));
  } while (tokens.accept(TokenKind::comma));
  if (auto error = tokens.finish()) return std::unexpected(std::move(*error));

  std::vector<const Path*> paths;
  paths.reserve(projection.size());
  for (const Path& path : projection) paths.push_back(&path);
  if (auto distinct = check_overlaps(kKind, paths); !distinct) {
    return std::unexpected(std::move(distinct).error());
  }
  return projection;
}

}  // namespace mayfly::dynamodb
