"""StatsForecast behind IntentVision's forecasting contract, for many series at once."""
