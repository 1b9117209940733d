import { http } from "../../shared/runtime/route.ts";
import { backtestRule } from "./backtest.ts";
import { sweepRule } from "./sweep.ts";

export default http([backtestRule, sweepRule]);
