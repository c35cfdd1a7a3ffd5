// Errors of DynamoDB's model. Their texts are DynamoDB's own.
#pragma once

#include <string>
#include <string_view>

#include "services/dynamodb/model/error.h"
#include "store/store.h"
#include "wire/error.h"

namespace mayfly::dynamodb {

inline constexpr wire::ErrorSpec kValidation{"ValidationException", 400};
inline constexpr wire::ErrorSpec kConditionalCheckFailed{"ConditionalCheckFailedException", 400};
inline constexpr wire::ErrorSpec kResourceNotFound{"ResourceNotFoundException", 400};
inline constexpr wire::ErrorSpec kResourceInUse{"ResourceInUseException", 400};
inline constexpr wire::ErrorSpec kLimitExceeded{"LimitExceededException", 400};
inline constexpr wire::ErrorSpec kTransactionCanceled{
    "TransactionCanceledException", 400, wire::Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kThroughputExceeded{"ProvisionedThroughputExceededException", 400};
inline constexpr wire::ErrorSpec kDuplicateItem{"DuplicateItemException", 400};
inline constexpr wire::ErrorSpec kTransactionConflict{"TransactionConflictException", 400};
inline constexpr wire::ErrorSpec kTransactionInProgress{
    "TransactionInProgressException", 400, wire::Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kIdempotentParameterMismatch{
    "IdempotentParameterMismatchException",
    400,
    wire::Fault::client,
    {},
    wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kExpiredIterator{"ExpiredIteratorException", 400};
inline constexpr wire::ErrorSpec kTrimmedDataAccess{"TrimmedDataAccessException", 400};
inline constexpr wire::ErrorSpec kPolicyNotFound{"PolicyNotFoundException", 400};
inline constexpr wire::ErrorSpec kTableNotFound{"TableNotFoundException", 400};
inline constexpr wire::ErrorSpec kTableInUse{"TableInUseException", 400};
inline constexpr wire::ErrorSpec kTableAlreadyExists{"TableAlreadyExistsException", 400};
inline constexpr wire::ErrorSpec kGlobalTableNotFound{"GlobalTableNotFoundException", 400};
inline constexpr wire::ErrorSpec kGlobalTableAlreadyExists{"GlobalTableAlreadyExistsException",
                                                           400};
inline constexpr wire::ErrorSpec kReplicaNotFound{"ReplicaNotFoundException", 400};
inline constexpr wire::ErrorSpec kReplicaAlreadyExists{"ReplicaAlreadyExistsException", 400};
inline constexpr wire::ErrorSpec kIndexNotFound{"IndexNotFoundException", 400};
inline constexpr wire::ErrorSpec kBackupNotFound{"BackupNotFoundException", 400};
inline constexpr wire::ErrorSpec kBackupInUse{"BackupInUseException", 400};
inline constexpr wire::ErrorSpec kContinuousBackupsUnavailable{
    "ContinuousBackupsUnavailableException", 400};
inline constexpr wire::ErrorSpec kRecoveryUnavailable{"PointInTimeRecoveryUnavailableException",
                                                      400};
inline constexpr wire::ErrorSpec kInvalidRestoreTime{"InvalidRestoreTimeException", 400};
inline constexpr wire::ErrorSpec kInternalServer{"InternalServerError", 500, wire::Fault::server};

inline wire::ApiError validation(std::string message) {
  return wire::ApiError{&kValidation, std::move(message), {}, {}};
}
inline std::unexpected<wire::ApiError> refuse(std::string message) {
  return std::unexpected(validation(std::move(message)));
}
inline std::unexpected<wire::ApiError> refuse(Invalid reason) {
  return refuse(std::move(reason.message));
}

inline std::unexpected<wire::ApiError> invalid_parameter(std::string_view text) {
  return refuse("One or more parameter values were invalid: " + std::string(text));
}

// A model's result as an operation's.
template <class T>
wire::Result<T> answer(Checked<T> checked) {
  if (!checked) return refuse(std::move(checked).error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*checked);
  }
}

// A read of the store that failed.
template <class T>
std::unexpected<wire::ApiError> store_failed(store::StoreResult<T>& result) {
  return std::unexpected(store::FromStoreError<wire::ApiError>::map(std::move(result).error()));
}

inline std::unexpected<wire::ApiError> corrupt_row() {
  return wire::fail(kInternalServer, "Stored data is damaged: an item cannot be read.");
}

}  // namespace mayfly::dynamodb
