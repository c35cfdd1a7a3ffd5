// Requests and responses of CloudWatch (model of 2010-08-01).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "wire/shape.h"

namespace mayfly::cloudwatch {

inline constexpr std::string_view kStandardUnits[] = {"Seconds",
                                                      "Microseconds",
                                                      "Milliseconds",
                                                      "Bytes",
                                                      "Kilobytes",
                                                      "Megabytes",
                                                      "Gigabytes",
                                                      "Terabytes",
                                                      "Bits",
                                                      "Kilobits",
                                                      "Megabits",
                                                      "Gigabits",
                                                      "Terabits",
                                                      "Percent",
                                                      "Count",
                                                      "Bytes/Second",
                                                      "Kilobytes/Second",
                                                      "Megabytes/Second",
                                                      "Gigabytes/Second",
                                                      "Terabytes/Second",
                                                      "Bits/Second",
                                                      "Kilobits/Second",
                                                      "Megabits/Second",
                                                      "Gigabits/Second",
                                                      "Terabits/Second",
                                                      "Count/Second",
                                                      "None"};
inline constexpr std::string_view kStatistics[] = {"SampleCount", "Average", "Sum", "Minimum",
                                                   "Maximum"};
inline constexpr std::string_view kScanBy[] = {"TimestampDescending", "TimestampAscending"};
inline constexpr std::string_view kRecentlyActive[] = {"PT3H"};
inline constexpr std::string_view kNamespacePattern = "[^:].*";

struct Dimension {
  std::string name;
  std::string value;
  static constexpr auto shape() {
    using Self = Dimension;
    return std::tuple{wire::field("Name", &Self::name).required().length(1, 255),
                      wire::field("Value", &Self::value).required().length(1, 1024)};
  }
};

struct Metric {
  std::optional<std::string> name_space;
  std::optional<std::string> metric_name;
  std::optional<std::vector<Dimension>> dimensions;
  static constexpr auto shape() {
    using Self = Metric;
    return std::tuple{
        wire::field("Namespace", &Self::name_space).length(1, 255).pattern(kNamespacePattern),
        wire::field("MetricName", &Self::metric_name).length(1, 255),
        wire::field("Dimensions", &Self::dimensions).items(0, 30)};
  }
};

// ---- PutMetricData

struct StatisticSet {
  double sample_count = 0;
  double sum = 0;
  double minimum = 0;
  double maximum = 0;
  static constexpr auto shape() {
    using Self = StatisticSet;
    return std::tuple{wire::field("SampleCount", &Self::sample_count).required(),
                      wire::field("Sum", &Self::sum).required(),
                      wire::field("Minimum", &Self::minimum).required(),
                      wire::field("Maximum", &Self::maximum).required()};
  }
};

struct MetricDatum {
  std::string metric_name;
  std::optional<std::vector<Dimension>> dimensions;
  std::optional<wire::Timestamp> timestamp;
  std::optional<double> value;
  std::optional<StatisticSet> statistic_values;
  std::optional<std::vector<double>> values;
  std::optional<std::vector<double>> counts;
  std::optional<std::string> unit;
  std::optional<std::int32_t> storage_resolution;
  static constexpr auto shape() {
    using Self = MetricDatum;
    return std::tuple{wire::field("MetricName", &Self::metric_name).required().length(1, 255),
                      wire::field("Dimensions", &Self::dimensions).items(0, 30),
                      wire::field("Timestamp", &Self::timestamp),
                      wire::field("Value", &Self::value),
                      wire::field("StatisticValues", &Self::statistic_values),
                      wire::field("Values", &Self::values),
                      wire::field("Counts", &Self::counts),
                      wire::field("Unit", &Self::unit).one_of(kStandardUnits),
                      wire::field("StorageResolution", &Self::storage_resolution).at_least(1)};
  }
};

struct Entity {
  std::optional<std::map<std::string, std::string>> key_attributes;
  std::optional<std::map<std::string, std::string>> attributes;
  static constexpr auto shape() {
    using Self = Entity;
    return std::tuple{wire::field("KeyAttributes", &Self::key_attributes)
                          .items(2, 4)
                          .keys(wire::rules().length(1, 32))
                          .each(wire::rules().length(1, 2048)),
                      wire::field("Attributes", &Self::attributes)
                          .items(0, 10)
                          .keys(wire::rules().length(1, 256))
                          .each(wire::rules().length(1, 2048))};
  }
};

struct EntityMetricData {
  std::optional<Entity> entity;
  std::optional<std::vector<MetricDatum>> metric_data;
  static constexpr auto shape() {
    using Self = EntityMetricData;
    return std::tuple{wire::field("Entity", &Self::entity),
                      wire::field("MetricData", &Self::metric_data)};
  }
};

struct PutMetricDataInput {
  std::string name_space;
  std::optional<std::vector<MetricDatum>> metric_data;
  std::optional<std::vector<EntityMetricData>> entity_metric_data;
  std::optional<bool> strict_entity_validation;
  static constexpr auto shape() {
    using Self = PutMetricDataInput;
    return std::tuple{wire::field("Namespace", &Self::name_space)
                          .required()
                          .length(1, 255)
                          .pattern(kNamespacePattern),
                      wire::field("MetricData", &Self::metric_data),
                      wire::field("EntityMetricData", &Self::entity_metric_data),
                      wire::field("StrictEntityValidation", &Self::strict_entity_validation)};
  }
};

// ---- GetMetricStatistics

struct GetMetricStatisticsInput {
  std::string name_space;
  std::string metric_name;
  std::optional<std::vector<Dimension>> dimensions;
  wire::Timestamp start_time;
  wire::Timestamp end_time;
  std::int32_t period = 0;
  std::optional<std::vector<std::string>> statistics;
  std::optional<std::vector<std::string>> extended_statistics;
  std::optional<std::string> unit;
  static constexpr auto shape() {
    using Self = GetMetricStatisticsInput;
    return std::tuple{wire::field("Namespace", &Self::name_space)
                          .required()
                          .length(1, 255)
                          .pattern(kNamespacePattern),
                      wire::field("MetricName", &Self::metric_name).required().length(1, 255),
                      wire::field("Dimensions", &Self::dimensions).items(0, 30),
                      wire::field("StartTime", &Self::start_time).required(),
                      wire::field("EndTime", &Self::end_time).required(),
                      wire::field("Period", &Self::period).required().at_least(1),
                      wire::field("Statistics", &Self::statistics)
                          .items(1, 5)
                          .each(wire::rules().one_of(kStatistics)),
                      wire::field("ExtendedStatistics", &Self::extended_statistics).items(1, 10),
                      wire::field("Unit", &Self::unit).one_of(kStandardUnits)};
  }
};

struct Datapoint {
  std::optional<wire::Timestamp> timestamp;
  std::optional<double> sample_count;
  std::optional<double> average;
  std::optional<double> sum;
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<std::string> unit;
  std::optional<std::map<std::string, double>> extended_statistics;
  static constexpr auto shape() {
    using Self = Datapoint;
    return std::tuple{wire::field("Timestamp", &Self::timestamp),
                      wire::field("SampleCount", &Self::sample_count),
                      wire::field("Average", &Self::average),
                      wire::field("Sum", &Self::sum),
                      wire::field("Minimum", &Self::minimum),
                      wire::field("Maximum", &Self::maximum),
                      wire::field("Unit", &Self::unit),
                      wire::field("ExtendedStatistics", &Self::extended_statistics)};
  }
};

struct GetMetricStatisticsOutput {
  std::optional<std::string> label;
  std::vector<Datapoint> datapoints;
  static constexpr auto shape() {
    using Self = GetMetricStatisticsOutput;
    return std::tuple{wire::field("Label", &Self::label),
                      wire::field("Datapoints", &Self::datapoints)};
  }
};

// ---- GetMetricData

struct MetricStat {
  Metric metric;
  std::int32_t period = 0;
  std::string stat;
  std::optional<std::string> unit;
  static constexpr auto shape() {
    using Self = MetricStat;
    return std::tuple{wire::field("Metric", &Self::metric).required(),
                      wire::field("Period", &Self::period).required().at_least(1),
                      wire::field("Stat", &Self::stat).required(),
                      wire::field("Unit", &Self::unit).one_of(kStandardUnits)};
  }
};

struct MetricDataQuery {
  std::string id;
  std::optional<MetricStat> metric_stat;
  std::optional<std::string> expression;
  std::optional<std::string> label;
  std::optional<bool> return_data;
  std::optional<std::int32_t> period;
  std::optional<std::string> account_id;
  static constexpr auto shape() {
    using Self = MetricDataQuery;
    return std::tuple{wire::field("Id", &Self::id).required().length(1, 255),
                      wire::field("MetricStat", &Self::metric_stat),
                      wire::field("Expression", &Self::expression).length(1, 2048),
                      wire::field("Label", &Self::label),
                      wire::field("ReturnData", &Self::return_data),
                      wire::field("Period", &Self::period).at_least(1),
                      wire::field("AccountId", &Self::account_id).length(1, 255)};
  }
};

struct LabelOptions {
  std::optional<std::string> timezone;
  static constexpr auto shape() {
    using Self = LabelOptions;
    return std::tuple{wire::field("Timezone", &Self::timezone)};
  }
};

struct GetMetricDataInput {
  std::vector<MetricDataQuery> metric_data_queries;
  wire::Timestamp start_time;
  wire::Timestamp end_time;
  std::optional<std::string> next_token;
  std::optional<std::string> scan_by;
  std::optional<std::int32_t> max_datapoints;
  std::optional<LabelOptions> label_options;
  static constexpr auto shape() {
    using Self = GetMetricDataInput;
    return std::tuple{wire::field("MetricDataQueries", &Self::metric_data_queries).required(),
                      wire::field("StartTime", &Self::start_time).required(),
                      wire::field("EndTime", &Self::end_time).required(),
                      wire::field("NextToken", &Self::next_token),
                      wire::field("ScanBy", &Self::scan_by).one_of(kScanBy),
                      wire::field("MaxDatapoints", &Self::max_datapoints),
                      wire::field("LabelOptions", &Self::label_options)};
  }
};

struct MessageData {
  std::optional<std::string> code;
  std::optional<std::string> value;
  static constexpr auto shape() {
    using Self = MessageData;
    return std::tuple{wire::field("Code", &Self::code), wire::field("Value", &Self::value)};
  }
};

struct MetricDataResult {
  std::string id;
  std::string label;
  std::vector<wire::Timestamp> timestamps;
  std::vector<double> values;
  std::string status_code = "Complete";
  std::optional<std::vector<MessageData>> messages;
  static constexpr auto shape() {
    using Self = MetricDataResult;
    return std::tuple{wire::field("Id", &Self::id),
                      wire::field("Label", &Self::label),
                      wire::field("Timestamps", &Self::timestamps),
                      wire::field("Values", &Self::values),
                      wire::field("StatusCode", &Self::status_code),
                      wire::field("Messages", &Self::messages)};
  }
};

struct GetMetricDataOutput {
  std::vector<MetricDataResult> metric_data_results;
  std::optional<std::string> next_token;
  std::vector<MessageData> messages;
  static constexpr auto shape() {
    using Self = GetMetricDataOutput;
    return std::tuple{wire::field("MetricDataResults", &Self::metric_data_results),
                      wire::field("NextToken", &Self::next_token),
                      wire::field("Messages", &Self::messages)};
  }
};

// ---- ListMetrics

struct DimensionFilter {
  std::string name;
  std::optional<std::string> value;
  static constexpr auto shape() {
    using Self = DimensionFilter;
    return std::tuple{wire::field("Name", &Self::name).required().length(1, 255),
                      wire::field("Value", &Self::value).length(1, 1024)};
  }
};

struct ListMetricsInput {
  std::optional<std::string> name_space;
  std::optional<std::string> metric_name;
  std::optional<std::vector<DimensionFilter>> dimensions;
  std::optional<std::string> next_token;
  std::optional<std::string> recently_active;
  std::optional<bool> include_linked_accounts;
  std::optional<std::string> owning_account;
  static constexpr auto shape() {
    using Self = ListMetricsInput;
    return std::tuple{
        wire::field("Namespace", &Self::name_space).length(1, 255).pattern(kNamespacePattern),
        wire::field("MetricName", &Self::metric_name).length(1, 255),
        wire::field("Dimensions", &Self::dimensions).items(0, 10),
        wire::field("NextToken", &Self::next_token),
        wire::field("RecentlyActive", &Self::recently_active).one_of(kRecentlyActive),
        wire::field("IncludeLinkedAccounts", &Self::include_linked_accounts),
        wire::field("OwningAccount", &Self::owning_account).length(1, 255)};
  }
};

struct ListMetricsOutput {
  std::vector<Metric> metrics;
  std::optional<std::string> next_token;
  std::optional<std::vector<std::string>> owning_accounts;
  static constexpr auto shape() {
    using Self = ListMetricsOutput;
    return std::tuple{wire::field("Metrics", &Self::metrics),
                      wire::field("NextToken", &Self::next_token),
                      wire::field("OwningAccounts", &Self::owning_accounts)};
  }
};

}  // namespace mayfly::cloudwatch
