import protobuf from "protobufjs";

// The messages of Prometheus remote_write, as its specifications define them, less what no receiver of floats reads. They make and
// check the bytes that our own reader takes.

const VERSION_1 = `
  syntax = "proto3";
  package prometheus;
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
  message MetricMetadata {
    enum MetricType { UNKNOWN = 0; COUNTER = 1; GAUGE = 2; HISTOGRAM = 3; GAUGEHISTOGRAM = 4; SUMMARY = 5; INFO = 6; STATESET = 7; }
    MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5;
  }
  message TimeSeries {
    repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4;
  }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
  message Histogram { uint64 count_int = 1; double sum = 3; sint32 schema = 4; int64 timestamp = 15; }
`;
const VERSION_2 = `
  syntax = "proto3";
  package io.prometheus.write.v2;
  message Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
  message TimeSeries {
    repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3; repeated Exemplar exemplars = 4;
    Metadata metadata = 5; int64 created_timestamp = 6;
  }
  message Exemplar { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message Metadata {
    enum MetricType { UNSPECIFIED = 0; COUNTER = 1; GAUGE = 2; HISTOGRAM = 3; GAUGEHISTOGRAM = 4; SUMMARY = 5; INFO = 6; STATESET = 7; }
    MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4;
  }
  message Histogram { uint64 count_int = 1; double sum = 3; sint32 schema = 4; int64 timestamp = 15; }
`;

export const WriteRequest = protobuf.parse(VERSION_1).root.lookupType("prometheus.WriteRequest");
export const WriteRequest2 = protobuf.parse(VERSION_2).root.lookupType("io.prometheus.write.v2.Request");

/** Encodes a message, its members in camelCase. */
export const encodeMessage = (type: protobuf.Type, message: object): Uint8Array => type.encode(type.fromObject(message)).finish();
