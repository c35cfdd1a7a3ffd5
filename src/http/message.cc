#include "http/message.h"

#include <algorithm>

#include "base/strings.h"

namespace mayfly::http {

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (base::equals_ignore_case(key, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : fields_) {
    if (base::equals_ignore_case(key, name)) values.push_back(value);
  }
  return values;
}

void Headers::set(std::string_view name, std::string value) {
  auto matches = [name](const Field& field) { return base::equals_ignore_case(field.first, name); };
  auto first = std::ranges::find_if(fields_, matches);
  if (first == fields_.end()) {
    fields_.emplace_back(std::string(name), std::move(value));
    return;
  }
  first->second = std::move(value);
  fields_.erase(std::remove_if(std::next(first), fields_.end(), matches), fields_.end());
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_,
                [name](const Field& field) { return base::equals_ignore_case(field.first, name); });
}

std::string_view Request::raw_path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::raw_query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

bool is_preflight(const Request& request) {
  return request.method == "OPTIONS" && request.headers.has("origin") &&
         request.headers.has("access-control-request-method");
}

}  // namespace mayfly::http
