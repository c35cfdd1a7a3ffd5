// What status and bill print, from the API's JSON to text.
#pragma once

#include <string>

#include "wire/document.h"

namespace mayfly::cli {

// An indented outline of any JSON: "name: value", names of one level aligned.
std::string render_outline(const wire::Document& document);

// The answer of GET /_mayfly/usage: a row a function, most expensive first as the API orders them,
// and the total.
std::string render_bill(const wire::Document& usage);

}  // namespace mayfly::cli
