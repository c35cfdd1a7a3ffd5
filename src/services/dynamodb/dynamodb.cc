#include "services/dynamodb/dynamodb.h"

#include "services/dynamodb/errors.h"
#include "services/dynamodb/known_operations.h"
#include "services/dynamodb/operations/backfill.h"
#include "services/dynamodb/operations/copy.h"
#include "services/dynamodb/operations/expiry.h"
#include "services/dynamodb/operations/operations.h"

namespace mayfly::dynamodb {
namespace {

constexpr auto kOperations = api::operations<Dynamodb>(
    // Tables
    api::operation<create_table, kResourceInUse, kLimitExceeded, kInternalServer>("CreateTable"),
    api::operation<describe_table, kResourceNotFound, kInternalServer>("DescribeTable"),
    api::operation<update_table, kResourceInUse, kResourceNotFound, kLimitExceeded,
                   kInternalServer>("UpdateTable"),
    api::operation<delete_table, kResourceInUse, kResourceNotFound, kLimitExceeded,
                   kInternalServer>("DeleteTable"),
    api::operation<list_tables, kInternalServer>("ListTables"),
    api::operation<tag_resource, kLimitExceeded, kResourceNotFound, kInternalServer,
                   kResourceInUse>("TagResource"),
    api::operation<untag_resource, kLimitExceeded, kResourceNotFound, kInternalServer,
                   kResourceInUse>("UntagResource"),
    api::operation<list_tags_of_resource, kResourceNotFound, kInternalServer>("ListTagsOfResource"),
    api::operation<update_time_to_live, kResourceInUse, kResourceNotFound, kLimitExceeded,
                   kInternalServer>("UpdateTimeToLive"),
    api::operation<describe_time_to_live, kResourceNotFound, kInternalServer>("DescribeTimeToLive"),
    api::operation<put_resource_policy, kResourceNotFound, kLimitExceeded, kPolicyNotFound,
                   kResourceInUse, kInternalServer>("PutResourcePolicy"),
    api::operation<get_resource_policy, kResourceNotFound, kPolicyNotFound, kInternalServer>(
        "GetResourcePolicy"),
    api::operation<delete_resource_policy, kResourceNotFound, kPolicyNotFound, kResourceInUse,
                   kLimitExceeded, kInternalServer>("DeleteResourcePolicy"),
    api::operation<update_contributor_insights, kResourceNotFound, kInternalServer>(
        "UpdateContributorInsights"),
    api::operation<describe_contributor_insights, kResourceNotFound, kInternalServer>(
        "DescribeContributorInsights"),
    api::operation<list_contributor_insights, kResourceNotFound, kInternalServer>(
        "ListContributorInsights"),
    api::operation<describe_limits, kInternalServer>("DescribeLimits"),
    api::operation<describe_endpoints>("DescribeEndpoints"),
    // Global tables
    api::operation<create_global_table, kGlobalTableAlreadyExists, kTableNotFound, kResourceInUse,
                   kLimitExceeded, kInternalServer>("CreateGlobalTable"),
    api::operation<update_global_table, kGlobalTableNotFound, kReplicaAlreadyExists,
                   kReplicaNotFound, kTableNotFound, kResourceInUse, kInternalServer>(
        "UpdateGlobalTable"),
    api::operation<describe_global_table, kGlobalTableNotFound, kInternalServer>(
        "DescribeGlobalTable"),
    api::operation<list_global_tables, kInternalServer>("ListGlobalTables"),
    api::operation<describe_global_table_settings, kGlobalTableNotFound, kInternalServer>(
        "DescribeGlobalTableSettings"),
    api::operation<update_global_table_settings, kGlobalTableNotFound, kReplicaNotFound,
                   kIndexNotFound, kLimitExceeded, kResourceInUse, kInternalServer>(
        "UpdateGlobalTableSettings"),
    api::operation<describe_table_replica_auto_scaling, kResourceNotFound, kInternalServer>(
        "DescribeTableReplicaAutoScaling"),
    api::operation<update_table_replica_auto_scaling, kResourceNotFound, kResourceInUse,
                   kLimitExceeded, kInternalServer>("UpdateTableReplicaAutoScaling"),
    // Backups
    api::operation<create_backup, kTableNotFound, kTableInUse, kContinuousBackupsUnavailable,
                   kBackupInUse, kLimitExceeded, kInternalServer>("CreateBackup"),
    api::operation<describe_backup, kBackupNotFound, kInternalServer>("DescribeBackup"),
    api::operation<list_backups, kInternalServer>("ListBackups"),
    api::operation<delete_backup, kBackupNotFound, kBackupInUse, kLimitExceeded, kInternalServer>(
        "DeleteBackup"),
    api::operation<restore_table_from_backup, kTableAlreadyExists, kTableInUse, kBackupNotFound,
                   kBackupInUse, kLimitExceeded, kInternalServer>("RestoreTableFromBackup"),
    api::operation<update_continuous_backups, kTableNotFound, kContinuousBackupsUnavailable,
                   kInternalServer>("UpdateContinuousBackups"),
    api::operation<describe_continuous_backups, kTableNotFound, kInternalServer>(
        "DescribeContinuousBackups"),
    api::operation<restore_table_to_point_in_time, kTableAlreadyExists, kTableNotFound, kTableInUse,
                   kLimitExceeded, kInvalidRestoreTime, kRecoveryUnavailable, kInternalServer>(
        "RestoreTableToPointInTime"),
    // Items
    api::operation<put_item, kConditionalCheckFailed, kResourceNotFound, kInternalServer>(
        "PutItem"),
    api::operation<get_item, kResourceNotFound, kInternalServer>("GetItem"),
    api::operation<update_item, kConditionalCheckFailed, kResourceNotFound, kInternalServer>(
        "UpdateItem"),
    api::operation<delete_item, kConditionalCheckFailed, kResourceNotFound, kInternalServer>(
        "DeleteItem"),
    api::operation<query, kResourceNotFound, kInternalServer>("Query"),
    api::operation<scan, kResourceNotFound, kInternalServer>("Scan"),
    api::operation<batch_get_item, kResourceNotFound, kInternalServer>("BatchGetItem"),
    api::operation<batch_write_item, kResourceNotFound, kInternalServer>("BatchWriteItem"),
    api::operation<transact_write_items, kResourceNotFound, kTransactionCanceled,
                   kIdempotentParameterMismatch, kInternalServer>("TransactWriteItems"),
    api::operation<transact_get_items, kResourceNotFound, kTransactionCanceled, kInternalServer>(
        "TransactGetItems"),
    // PartiQL
    api::operation<execute_statement, kConditionalCheckFailed, kDuplicateItem, kResourceNotFound,
                   kInternalServer>("ExecuteStatement"),
    api::operation<batch_execute_statement, kInternalServer>("BatchExecuteStatement"),
    api::operation<execute_transaction, kResourceNotFound, kTransactionCanceled,
                   kIdempotentParameterMismatch, kInternalServer>("ExecuteTransaction"));

constexpr std::string_view kSigningNames[] = {"dynamodb"};

}  // namespace

void handle_work(Dynamodb& dynamodb, work::WorkQueue& queue) {
  queue.handle(std::string(kBackfillWork), 2,
               [&dynamodb](work::Work work) { return run_backfill(dynamodb, std::move(work)); });
  queue.handle(std::string(kCopyWork), 2,
               [&dynamodb](work::Work work) { return run_copy(dynamodb, std::move(work)); });
  queue.handle(std::string(kExpiryWork), 2,
               [&dynamodb](work::Work work) { return run_expiry_work(dynamodb, std::move(work)); });
}

api::Service make_service(Dynamodb& dynamodb) {
  api::ServiceInfo info;
  info.name = "dynamodb";
  info.title = "Amazon DynamoDB";
  info.signing_names = kSigningNames;
  info.target_prefix = "DynamoDB_20120810";
  info.api_version = "2012-08-10";
  info.model = "dynamodb";
  info.facts.protocol = wire::Protocol::aws_json_1_0;
  info.facts.error_namespace = "com.amazonaws.dynamodb.v20120810#";
  info.facts.checksum = wire::BodyChecksum::crc32;
  info.known = kKnownOperations;
  return api::service(dynamodb, info, kOperations);
}

}  // namespace mayfly::dynamodb
