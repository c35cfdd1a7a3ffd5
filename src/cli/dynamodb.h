// What the commands of `mayfly table` ask of the DynamoDB API.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/api_client.h"

namespace mayfly::cli {

struct KeyAttribute {
  std::string name;
  std::string type;  // S, N or B
};

struct TableInfo {
  std::string name;
  std::vector<KeyAttribute> keys;  // partition, then sort
  wire::Document description;      // "Table" of DescribeTable
};

class DynamoDbClient {
 public:
  explicit DynamoDbClient(ApiClient& client) : client_(client) {}

  Answer<wire::Document> call(std::string_view operation, const wire::Document& input) {
    return client_.call("dynamodb", "DynamoDB_20120810." + std::string(operation), input);
  }
  Answer<std::vector<std::string>> tables();
  Answer<TableInfo> describe(const std::string& table);
  // Calls `page` with the items of each page, in order, until it answers false. `input` is that of
  // Scan.
  Answer<void> scan(wire::Document input,
                    const std::function<Answer<bool>(const wire::DocumentList& items)>& page);

 private:
  ApiClient& client_;
};

}  // namespace mayfly::cli
