"""Where and when work runs: executors, retries, limits, cancellation."""
