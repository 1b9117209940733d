import { expect, test } from "@jest/globals";
import { metricKeyOf } from "./metric-key.ts";

test.each([
  ["cpu.csv", "cpu"],
  ["data.csv.gz", "data"],
  ["points.jsonl.gz", "points"],
  ["realAWSCloudwatch/ec2_cpu.csv", "realAWSCloudwatch/ec2_cpu"],
  ["my file (1).csv", "my_file__1_"],
  ["2026.csv", "_2026"],
  ["x".repeat(300), "x".repeat(200)],
])("the metric of %s is %s", (name, key) => expect(metricKeyOf(name)).toBe(key));
