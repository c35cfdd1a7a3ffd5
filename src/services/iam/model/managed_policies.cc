#include "services/iam/model/managed_policies.h"

namespace mayfly::iam {

namespace {

constexpr ManagedPolicy kPolicies[] = {
    {"/", "AdministratorAccess",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"},
    {"/", "AmazonDynamoDBFullAccess",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:*","dax:*"],"Resource":"*"}]})"},
    {"/", "AWSLambda_FullAccess",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:*","logs:DescribeLogGroups","iam:GetRole","iam:ListRoles"],"Resource":"*"}]})"},
    {"/", "CloudWatchLogsFullAccess",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:*"],"Resource":"*"}]})"},
    {"/service-role/", "AWSLambdaBasicExecutionRole",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]})"},
    {"/service-role/", "AWSLambdaDynamoDBExecutionRole",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator","dynamodb:ListStreams","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]})"},
    {"/service-role/", "AWSLambdaRole",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:InvokeFunction"],"Resource":["*"]}]})"},
    {"/service-role/", "AWSLambdaSQSQueueExecutionRole",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]})"},
};

}  // namespace

std::span<const ManagedPolicy> managed_policies() { return kPolicies; }

const ManagedPolicy* find_managed_policy(std::string_view arn) {
  if (!arn.starts_with(kManagedPrefix)) return nullptr;
  // The ARN has the path without its first slash: ":policy" + "/service-role/" + name.
  const std::string_view rest = arn.substr(kManagedPrefix.size() - 1);
  for (const ManagedPolicy& policy : kPolicies) {
    if (rest.size() == policy.path.size() + policy.name.size() && rest.starts_with(policy.path) &&
        rest.ends_with(policy.name)) {
      return &policy;
    }
  }
  return nullptr;
}

}  // namespace mayfly::iam
