// Every operation's handler; dynamodb.cc binds them to their names.
#pragma once

#include "api/operation.h"
#include "services/dynamodb/backup_shapes.h"
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/item_shapes.h"
#include "services/dynamodb/replication_shapes.h"
#include "services/dynamodb/setting_shapes.h"
#include "services/dynamodb/statement_shapes.h"
#include "services/dynamodb/table_shapes.h"
#include "services/dynamodb/transaction_shapes.h"

namespace mayfly::dynamodb {

template <class Response>
using Answer = base::Task<wire::Result<Response>>;

Answer<TableResponse> create_table(Dynamodb& dynamodb, const api::RequestContext& context,
                                   CreateTableRequest request);
Answer<DescribeTableResponse> describe_table(Dynamodb& dynamodb, const api::RequestContext& context,
                                             DescribeTableRequest request);
Answer<TableResponse> update_table(Dynamodb& dynamodb, const api::RequestContext& context,
                                   UpdateTableRequest request);
Answer<TableResponse> delete_table(Dynamodb& dynamodb, const api::RequestContext& context,
                                   DeleteTableRequest request);
Answer<ListTablesResponse> list_tables(Dynamodb& dynamodb, const api::RequestContext& context,
                                       ListTablesRequest request);
Answer<void> tag_resource(Dynamodb& dynamodb, const api::RequestContext& context,
                          TagResourceRequest request);
Answer<void> untag_resource(Dynamodb& dynamodb, const api::RequestContext& context,
                            UntagResourceRequest request);
Answer<ListTagsResponse> list_tags_of_resource(Dynamodb& dynamodb,
                                               const api::RequestContext& context,
                                               ListTagsRequest request);
Answer<PutResourcePolicyOutput> put_resource_policy(Dynamodb& dynamodb,
                                                    const api::RequestContext& context,
                                                    PutResourcePolicyInput request);
Answer<GetResourcePolicyOutput> get_resource_policy(Dynamodb& dynamodb,
                                                    const api::RequestContext& context,
                                                    GetResourcePolicyInput request);
Answer<DeleteResourcePolicyOutput> delete_resource_policy(Dynamodb& dynamodb,
                                                          const api::RequestContext& context,
                                                          DeleteResourcePolicyInput request);
// For CreateTable: whether a policy can be, and its row in the caller's transaction.
wire::Result<void> check_policy(const std::string& policy);
void put_policy(store::Transaction& transaction, const base::Scope& scope, const std::string& table,
                const std::string& policy, base::WallTime now);
Answer<UpdateContributorInsightsOutput> update_contributor_insights(
    Dynamodb& dynamodb, const api::RequestContext& context, UpdateContributorInsightsInput request);
Answer<DescribeContributorInsightsOutput> describe_contributor_insights(
    Dynamodb& dynamodb, const api::RequestContext& context,
    DescribeContributorInsightsInput request);
Answer<ListContributorInsightsOutput> list_contributor_insights(
    Dynamodb& dynamodb, const api::RequestContext& context, ListContributorInsightsInput request);
Answer<UpdateTimeToLiveResponse> update_time_to_live(Dynamodb& dynamodb,
                                                     const api::RequestContext& context,
                                                     UpdateTimeToLiveRequest request);
Answer<DescribeTimeToLiveResponse> describe_time_to_live(Dynamodb& dynamodb,
                                                         const api::RequestContext& context,
                                                         DescribeTimeToLiveRequest request);
Answer<DescribeLimitsResponse> describe_limits(Dynamodb& dynamodb,
                                               const api::RequestContext& context,
                                               wire::Empty request);
Answer<DescribeEndpointsResponse> describe_endpoints(Dynamodb& dynamodb,
                                                     const api::RequestContext& context,
                                                     wire::Empty request);

Answer<GlobalTableResponse> create_global_table(Dynamodb& dynamodb,
                                                const api::RequestContext& context,
                                                CreateGlobalTableRequest request);
Answer<GlobalTableResponse> update_global_table(Dynamodb& dynamodb,
                                                const api::RequestContext& context,
                                                UpdateGlobalTableRequest request);
Answer<GlobalTableResponse> describe_global_table(Dynamodb& dynamodb,
                                                  const api::RequestContext& context,
                                                  GlobalTableNameRequest request);
Answer<ListGlobalTablesResponse> list_global_tables(Dynamodb& dynamodb,
                                                    const api::RequestContext& context,
                                                    ListGlobalTablesRequest request);
Answer<GlobalTableSettingsResponse> describe_global_table_settings(
    Dynamodb& dynamodb, const api::RequestContext& context, GlobalTableNameRequest request);
Answer<GlobalTableSettingsResponse> update_global_table_settings(
    Dynamodb& dynamodb, const api::RequestContext& context,
    UpdateGlobalTableSettingsRequest request);
Answer<TableAutoScalingResponse> describe_table_replica_auto_scaling(
    Dynamodb& dynamodb, const api::RequestContext& context, DescribeTableRequest request);
Answer<TableAutoScalingResponse> update_table_replica_auto_scaling(
    Dynamodb& dynamodb, const api::RequestContext& context,
    UpdateTableReplicaAutoScalingRequest request);

Answer<CreateBackupResponse> create_backup(Dynamodb& dynamodb, const api::RequestContext& context,
                                           CreateBackupRequest request);
Answer<BackupResponse> describe_backup(Dynamodb& dynamodb, const api::RequestContext& context,
                                       BackupArnRequest request);
Answer<ListBackupsResponse> list_backups(Dynamodb& dynamodb, const api::RequestContext& context,
                                         ListBackupsRequest request);
Answer<BackupResponse> delete_backup(Dynamodb& dynamodb, const api::RequestContext& context,
                                     BackupArnRequest request);
Answer<TableResponse> restore_table_from_backup(Dynamodb& dynamodb,
                                                const api::RequestContext& context,
                                                RestoreTableFromBackupRequest request);
Answer<ContinuousBackupsResponse> update_continuous_backups(Dynamodb& dynamodb,
                                                            const api::RequestContext& context,
                                                            UpdateContinuousBackupsRequest request);
Answer<ContinuousBackupsResponse> describe_continuous_backups(Dynamodb& dynamodb,
                                                              const api::RequestContext& context,
                                                              DescribeTableRequest request);
Answer<TableResponse> restore_table_to_point_in_time(Dynamodb& dynamodb,
                                                     const api::RequestContext& context,
                                                     RestoreTableToPointInTimeRequest request);

Answer<WriteResponse> put_item(Dynamodb& dynamodb, const api::RequestContext& context,
                               PutItemRequest request);
Answer<GetItemResponse> get_item(Dynamodb& dynamodb, const api::RequestContext& context,
                                 GetItemRequest request);
Answer<WriteResponse> update_item(Dynamodb& dynamodb, const api::RequestContext& context,
                                  UpdateItemRequest request);
Answer<WriteResponse> delete_item(Dynamodb& dynamodb, const api::RequestContext& context,
                                  DeleteItemRequest request);
Answer<PageResponse> query(Dynamodb& dynamodb, const api::RequestContext& context,
                           QueryRequest request);
Answer<PageResponse> scan(Dynamodb& dynamodb, const api::RequestContext& context,
                          ScanRequest request);
Answer<BatchGetItemResponse> batch_get_item(Dynamodb& dynamodb, const api::RequestContext& context,
                                            BatchGetItemRequest request);
Answer<BatchWriteItemResponse> batch_write_item(Dynamodb& dynamodb,
                                                const api::RequestContext& context,
                                                BatchWriteItemRequest request);
Answer<TransactWriteItemsResponse> transact_write_items(Dynamodb& dynamodb,
                                                        const api::RequestContext& context,
                                                        TransactWriteItemsRequest request);
Answer<TransactGetItemsResponse> transact_get_items(Dynamodb& dynamodb,
                                                    const api::RequestContext& context,
                                                    TransactGetItemsRequest request);

Answer<ExecuteStatementResponse> execute_statement(Dynamodb& dynamodb,
                                                   const api::RequestContext& context,
                                                   ExecuteStatementRequest request);
Answer<BatchExecuteStatementResponse> batch_execute_statement(Dynamodb& dynamodb,
                                                              const api::RequestContext& context,
                                                              BatchExecuteStatementRequest request);
Answer<ExecuteTransactionResponse> execute_transaction(Dynamodb& dynamodb,
                                                       const api::RequestContext& context,
                                                       ExecuteTransactionRequest request);

}  // namespace mayfly::dynamodb
