#include "services/apigateway/execute/decision.h"

#include <algorithm>

#include "base/strings.h"
#include "wire/json.h"

namespace mayfly::apigateway {
namespace {

using wire::Document;
using Kind = Decision::Kind;

// A member that may be one text or a list of them.
template <class Match>
bool any_text(const Document* value, Match match) {
  if (value == nullptr) return false;
  if (const std::string* text = value->as_string()) return match(*text);
  if (!value->is_list()) return false;
  return std::ranges::any_of(*value->as_list(), [&](const Document& element) {
    const std::string* text = element.as_string();
    return text != nullptr && match(*text);
  });
}

bool applies(const Document& statement, std::string_view arn) {
  const bool action = any_text(statement.find("Action"), [](const std::string& pattern) {
    return matches_pattern(base::to_lower(pattern), "execute-api:invoke");
  });
  return action && any_text(statement.find("Resource"), [&](const std::string& pattern) {
           return matches_pattern(pattern, arn);
         });
}

// Denied beats allowed; what no statement names is denied.
std::optional<Kind> evaluate(const Document& policy, std::string_view arn) {
  const Document* statements = policy.find("Statement");
  if (statements == nullptr) return std::nullopt;
  wire::DocumentList single;
  const wire::DocumentList* list = statements->as_list();
  if (list == nullptr) {
    if (!statements->is_map()) return std::nullopt;
    single.push_back(*statements);
    list = &single;
  }
  Kind kind = Kind::forbidden;
  for (const Document& statement : *list) {
    const Document* effect = statement.find("Effect");
    const std::string* text = effect == nullptr ? nullptr : effect->as_string();
    if (text == nullptr || (*text != "Allow" && *text != "Deny")) return std::nullopt;
    if (!applies(statement, arn)) continue;
    if (*text == "Deny") return Kind::forbidden;
    kind = Kind::allowed;
  }
  return kind;
}

Document stringified(const Document& map) {
  Document out = Document::map();
  if (!map.is_map()) return out;
  for (const auto& [name, value] : *map.as_map()) {
    out.set(name, value.is_string() ? *value.as_string() : wire::to_json(value));
  }
  return out;
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string Decision::json(PayloadFormat format) const {
  Document inner = Document::map();
  std::string_view wrapper;  // of format 2.0
  switch (source) {
    case Source::none:
      return "";
    case Source::jwt:
      wrapper = "jwt";
      inner.set("claims", context);
      inner.set("scopes", scopes);
      break;
    case Source::function:
      wrapper = "lambda";
      inner = format == PayloadFormat::v2 ? context : stringified(context);
      if (format == PayloadFormat::v1 && !principal_id.empty())
        inner.set("principalId", principal_id);
      break;
  }
  if (format == PayloadFormat::v1) return wire::to_json(inner);
  Document out = Document::map();
  out.set(wrapper, std::move(inner));
  return wire::to_json(out);
}

Decision read_decision(std::string_view payload, AuthorizerReply reply, std::string_view arn) {
  Decision decision;
  decision.source = Decision::Source::function;
  decision.context = Document::map();
  const auto answer = wire::parse_json(payload);
  if (!answer || !answer->is_map()) return decision;
  if (const Document* context = answer->find("context"); context != nullptr && context->is_map()) {
    decision.context = *context;
  }
  if (reply == AuthorizerReply::simple) {
    const Document* authorized = answer->find("isAuthorized");
    const auto value = authorized == nullptr ? std::nullopt : authorized->as_bool();
    if (value) decision.kind = *value ? Kind::allowed : Kind::forbidden;
    return decision;
  }
  const Document* principal = answer->find("principalId");
  if (principal != nullptr && principal->is_string())
    decision.principal_id = *principal->as_string();
  const Document* policy = answer->find("policyDocument");
  if (policy == nullptr) return decision;
  if (const auto kind = evaluate(*policy, arn)) decision.kind = *kind;
  return decision;
}

}  // namespace mayfly::apigateway
