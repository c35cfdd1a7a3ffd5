#include "services/cloudwatch/cloudwatch.h"

#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/known_operations.h"
#include "services/cloudwatch/operations/operations.h"

namespace mayfly::cloudwatch {

namespace {

constexpr std::string_view kSigningNames[] = {"monitoring"};
constexpr std::string_view kXmlNamespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";

constexpr wire::ServiceFacts kAlso[] = {
    {.protocol = wire::Protocol::aws_json_1_0, .query_error = wire::QueryErrorHeader::send},
    {.protocol = wire::Protocol::query, .xml_namespace = kXmlNamespace}};

constexpr auto kOperations = api::operations<Cloudwatch>(
    api::operation<get_metric_data, kInvalidNextToken>("GetMetricData"),
    api::operation<get_metric_statistics, kInvalidParameterValue, kMissingRequiredParameter,
                   kInvalidParameterCombination, kInternalServiceFault>("GetMetricStatistics"),
    api::operation<list_metrics, kInternalServiceFault, kInvalidParameterValue>("ListMetrics"),
    api::operation<put_metric_data, kInvalidParameterValue, kMissingRequiredParameter,
                   kInvalidParameterCombination, kInternalServiceFault>("PutMetricData"));

}  // namespace

api::Service make_service(Cloudwatch& cloudwatch) {
  return api::service(cloudwatch,
                      {.name = "cloudwatch",
                       .title = "Amazon CloudWatch",
                       .signing_names = kSigningNames,
                       .target_prefix = "GraniteServiceVersion20100801",
                       .api_version = "2010-08-01",
                       .model = "cloudwatch",
                       .facts = {.protocol = wire::Protocol::rpc_v2_cbor,
                                 .query_error = wire::QueryErrorHeader::send},
                       .also = kAlso,
                       .known = kKnownOperations},
                      kOperations);
}

}  // namespace mayfly::cloudwatch
